"""Writing to a peer that reads, that reads slowly, and that does not read."""

import asyncio

import pytest

from chat.protocol import CloseCode
from chat.realtime import socket_writer
from chat.realtime.socket_writer import SocketWriter, frame


class Peer:
    """An ASGI ``send`` whose reader can stop, as when the transport's buffer is full."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.code: int | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: dict) -> None:
        if not self.reads.is_set():
            await self.reads.wait()
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self.received.append(message["text"])


@pytest.fixture
async def peer() -> Peer:
    return Peer()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_peer_that_reads_is_written_to_at_once(peer: Peer):
    written = SocketWriter(peer.send)
    written.write(frame("now"))
    assert peer.received == ["now"]


async def test_a_slow_peer_gets_everything_in_order(peer: Peer):
    written = SocketWriter(peer.send)
    peer.reads.clear()
    for number in range(100):
        written.write(frame(str(number)))
    assert peer.received == []
    peer.reads.set()
    await settled()
    for number in range(100, 110):
        written.write(frame(str(number)))
    await settled()
    assert peer.received == [str(number) for number in range(110)]


async def test_a_peer_whose_backlog_is_full_is_closed(peer: Peer, monkeypatch):
    monkeypatch.setattr(socket_writer, "CLOSING_LIMIT", 0.2)
    written = SocketWriter(peer.send)
    peer.reads.clear()
    block = frame("x" * (socket_writer.BACKLOG_LIMIT // 4))
    for _ in range(5):
        written.write(block)
    assert written.is_open
    written.write(block)
    assert written.close_code == CloseCode.TOO_SLOW
    peer.reads.set()
    await settled()
    assert peer.code == CloseCode.TOO_SLOW


async def test_a_peer_that_is_stuck_is_closed_after_a_while(peer: Peer, monkeypatch):
    monkeypatch.setattr(socket_writer, "STUCK_LIMIT", 0.05)
    written = SocketWriter(peer.send)
    peer.reads.clear()
    written.write(frame("never read"))
    await asyncio.sleep(0.15)
    assert written.close_code == CloseCode.TOO_SLOW


async def test_nothing_is_written_after_the_close(peer: Peer):
    written = SocketWriter(peer.send)
    written.close(CloseCode.NOT_SIGNED_IN)
    written.close(CloseCode.BANNED)
    written.write(frame("too late"))
    await settled()
    assert (peer.received, peer.code) == ([], CloseCode.NOT_SIGNED_IN)


async def test_a_peer_that_has_gone_is_no_error():
    async def send(message: dict) -> None:
        raise RuntimeError("the peer has gone")

    written = SocketWriter(send)
    written.write(frame("anyone?"))
    assert not written.is_open
    written.write(frame("anyone?"))


async def test_a_peer_that_does_not_even_read_the_close_is_dropped(monkeypatch):
    monkeypatch.setattr(socket_writer, "CLOSING_LIMIT", 0.05)
    aborted = []

    class Server:
        def write_text(self, message: dict) -> bool:
            return False

        def abort(self) -> None:
            aborted.append(True)

    async def send(message: dict) -> None:
        await asyncio.Event().wait()

    written = SocketWriter(send, Server())
    written.close(CloseCode.TOO_SLOW)
    await asyncio.sleep(0.15)
    assert aborted
