"""The proxy fails as it says, or what rests on it proves nothing."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.system.chaos.proxy import Proxy


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """Before a server that says again what it is told."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Proxy(server.sockets[0].getsockname()[1]) as between:
        yield between
    server.close()


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, text: bytes, seconds: float = 1) -> bytes:
        self.writer.write(text)
        return await self.hear(seconds)

    async def hear(self, seconds: float = 1) -> bytes:
        async with asyncio.timeout(seconds):
            return await self.reader.read(100)


async def come(proxy: Proxy) -> Peer:
    return Peer(*await asyncio.open_connection("127.0.0.1", proxy.port))


async def is_reset(peer: Peer) -> bool:
    try:
        return await peer.say(b"hello") == b""
    except OSError:
        return True


async def test_it_passes_on_and_says_when_a_side_has_ended(proxy: Proxy):
    peer = await come(proxy)
    assert await peer.say(b"hello") == b"hello"
    peer.writer.write_eof()
    assert await peer.hear() == b""


async def test_cut_off_nobody_is_let_in_and_nobody_stays(proxy: Proxy):
    before = await come(proxy)
    assert await before.say(b"hello") == b"hello"
    proxy.cut()
    assert await is_reset(before)
    assert await is_reset(await come(proxy))
    proxy.mend()
    assert await (await come(proxy)).say(b"hello") == b"hello"


async def test_a_reset_lets_in_who_comes_again(proxy: Proxy):
    before = await come(proxy)
    assert await before.say(b"hello") == b"hello"
    proxy.reset()
    assert await is_reset(before)
    assert await (await come(proxy)).say(b"hello") == b"hello"


async def test_a_black_hole_takes_everything_and_gives_it_back_in_the_end(proxy: Proxy):
    before = await come(proxy)
    assert await before.say(b"hello") == b"hello"
    proxy.black_hole()
    after = await come(proxy)
    for peer in (before, after):
        with pytest.raises(TimeoutError):
            await peer.say(b"is anybody there?", 0.2)
    proxy.mend()
    for peer in (before, after):
        assert await peer.hear() == b"is anybody there?"


async def test_a_slow_one_keeps_everything_for_so_long(proxy: Proxy):
    peer = await come(proxy)
    proxy.slow(0.1)
    began = time.monotonic()
    assert await peer.say(b"hello") == b"hello"
    assert time.monotonic() - began >= 0.2
