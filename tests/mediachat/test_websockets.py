"""What a connection holds while it is quiet, and that nothing is lost by holding less."""

import asyncio
import gc
from collections import deque
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from chat.socket import Socket
from mediachat.websockets import Gate, Inbox, WebSocketProtocol

HANDSHAKE = (
    b"GET /ws/ HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"cookie: sessionid=abc\r\nUser-Agent: a browser\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(data)

    def close(self) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def _opened(application: Any) -> tuple[WebSocketProtocol, _Transport]:
    config = Config(application, ws_per_message_deflate=False, ws_ping_interval=None)
    config.load()
    protocol, transport = WebSocketProtocol(config, ServerState(), {}), _Transport()
    protocol.connection_made(transport)
    protocol.data_received(HANDSHAKE)
    await asyncio.sleep(0.01)
    assert transport.written[0].startswith(b"HTTP/1.1 101")
    return protocol, transport


async def test_a_quiet_connection_holds_neither_queues_nor_its_handshake() -> None:
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seen.append(dict(scope["headers"])[b"cookie"])
        copied = dict(scope)  # as Channels' router does
        await send({"type": "websocket.accept"})
        seen.extend([copied, Socket(send)])
        await receive()

    await _opened(application)  # what is made at the first call only
    gc.collect()
    before = sum(type(each) is deque for each in gc.get_objects())
    opened = [await _opened(application) for _ in range(20)]
    gc.collect()
    assert sum(type(each) is deque for each in gc.get_objects()) == before
    assert seen.count(b"sessionid=abc") == 21
    assert all(not each["headers"] for each in seen if isinstance(each, dict))
    assert not any(hasattr(protocol, "request") for protocol, _ in opened)


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
