"""What a connection holds while it is quiet, and that nothing is lost by holding less."""

import asyncio
import gc
from collections import deque
from typing import Any

import pytest

from chat.realtime.server_socket import server_socket
from chat.realtime.socket_writer import SocketWriter
from mediachat.server import websockets
from mediachat.server.websockets import Gate, Inbox
from tests.support.sockets import opened


async def test_a_quiet_connection_holds_neither_queues_nor_its_handshake() -> None:
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seen.append(dict(scope["headers"])[b"cookie"])
        copied = dict(scope)  # as Channels' router does
        await send({"type": "websocket.accept"})
        seen.extend([copied, SocketWriter(send, server_socket(scope))])
        await receive()

    await opened(application)  # what is made at the first call only
    gc.collect()
    before = sum(type(each) is deque for each in gc.get_objects())
    held = [await opened(application) for _ in range(20)]
    gc.collect()
    assert sum(type(each) is deque for each in gc.get_objects()) == before
    assert seen.count(b"sessionid=abc") == 21
    assert all(not each["headers"] for each in seen if isinstance(each, dict))
    assert not any(hasattr(protocol, "request") for protocol, _ in held)


async def test_frames_that_came_at_once_are_taken_in_order() -> None:
    inbox = Inbox()
    for number in range(3):
        inbox.put_nowait(number)
    assert await inbox.get() == 0
    inbox.put_nowait(3)
    assert [await inbox.get() for _ in range(3)] == [1, 2, 3]
    assert inbox.empty()


async def test_a_reader_waits_for_the_next_frame_and_may_give_up() -> None:
    inbox = Inbox()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(inbox.get(), 0.01)
    reading = asyncio.ensure_future(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("late")
    inbox.put_nowait("later")
    assert await reading == "late"
    assert await inbox.get() == "later"


async def test_writers_wait_at_a_closed_gate_and_one_that_gives_up_holds_up_no_other() -> None:
    gate = Gate()
    assert await gate.wait()
    gate.clear()
    assert not gate.is_set()
    patient = asyncio.ensure_future(gate.wait())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(gate.wait(), 0.01)
    assert not patient.done()
    gate.set()
    assert await patient
    assert gate.is_set()


@pytest.mark.parametrize("who", ["the peer", "the application", "the clock"])
async def test_a_peer_that_does_not_read_its_end_is_dropped(
    who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websockets, "ENDING", 0.05)
    monkeypatch.setattr(websockets, "LINGER", 0.05)
    close = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await close.wait()
        await send({"type": "websocket.close", "code": 4401})

    protocol, transport = await opened(application)
    if who == "the peer":
        protocol.data_received(b"\x88\x82\0\0\0\0\x03\xe8")
    elif who == "the application":
        close.set()
    else:
        protocol.keepalive_timeout()
    assert not transport.aborted
    await asyncio.sleep(0.1)
    assert transport.aborted
