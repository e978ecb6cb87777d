"""Frames that are no message: pings, pongs, pieces, and what comes after the close frame."""

import asyncio
import itertools
import struct
import time
from typing import Any

import pytest

from tests.support.handshakes import handshake
from tests.support.outside import OutsideClient
from tests.system.test_slow_peers import MIB, TIMEOUT_SECONDS, Peer, peers, started

__all__ = ["started"]

pytestmark = [
    pytest.mark.once,
    pytest.mark.parametrize("started", ["uvicorn", "daphne"], indirect=True),
]

PIECE, TEXT, BYTES, PING, PONG = 0, 1, 2, 9, 10
FELT = 2.0
"""Seconds in which a busy machine answers; the floods made it 7 to 9."""
MASK = b"\0\0\0\0"


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    assert len(payload) < 65_536
    size = len(payload)
    head = bytes([fin << 7 | opcode, 0x80 | min(size, 126)])
    return head + (struct.pack("!H", size) if size > 125 else b"") + MASK + payload


async def shake_hands(peer: Peer, ticket: str, early: bytes = b"") -> None:
    request = handshake("/ws/client/", f"Sec-WebSocket-Protocol: mediachat.v1, ticket.{ticket}")
    await peer.say(request)
    await asyncio.sleep(0)
    await peer.say(early)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        assert b" 101 " in await peer.reader.readuntil(b"\r\n\r\n")


async def close_code(peer: Peer) -> int:
    """Reads to the end, and says with which code the server closed."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            first, size = await peer.reader.readexactly(2)
            if size > 125:
                size = int.from_bytes(await peer.reader.readexactly(2 if size == 126 else 8))
            payload = await peer.reader.readexactly(size)
            if first & 15 == 8:
                return int.from_bytes(payload[:2])


@pytest.fixture
async def scene(started: Any) -> Any:
    server, address = started()
    anna = await OutsideClient(address, "crowd0").sign_in()
    async with anna:
        yield server, address, anna


async def answered(anna: OutsideClient) -> float:
    """Seconds until a ping by command is answered: the dearest of several."""
    took = []
    for _ in range(10):
        began = time.monotonic()
        await anna.command("ping")
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.05)
    return max(took)


FLOODS = {
    "pings": frame(PING),
    "full pings": frame(PING, b"x" * 125),
    "pongs": frame(PONG),
    "pieces": frame(PIECE, fin=False),
}


async def test_a_flood_of_them_is_ended_and_nobody_feels_it(scene: Any) -> None:
    server, address, anna = scene
    me = await OutsideClient(address, "crowd1").sign_in()
    before = server.memory()
    for kind, has_account in itertools.product(FLOODS, (True, False)):
        tickets = [await me.ticket() if has_account else "made-up" for _ in range(4)]
        async with peers(address, len(tickets)) as found:
            for peer, ticket in zip(found, tickets, strict=True):
                await shake_hands(peer, ticket)
            first = frame(TEXT, fin=False) if kind == "pieces" else b""
            flood = first + FLOODS[kind] * (MIB // len(FLOODS[kind]))
            floods = [asyncio.create_task(peer.say(flood)) for peer in found]
            codes = asyncio.gather(*(close_code(peer) for peer in found))
            assert await answered(anna) < FELT, kind
            assert set(await codes) <= {4429 if has_account else 4401, 4429}, kind
            for peer in found:
                await asyncio.wait_for(peer.closed(), TIMEOUT_SECONDS)
            await asyncio.gather(*floods)
    assert server.memory() - before < 20 * MIB


async def test_messages_that_are_none_are_ended_too(scene: Any) -> None:
    """Bytes, and texts that are not UTF-8."""
    _, address, anna = scene
    me = await OutsideClient(address, "crowd1").sign_in()
    for one, code in ((frame(BYTES), 4429), (frame(TEXT, b"\xff"), 1007)):
        async with peers(address, 4) as found:
            for peer in found:
                await shake_hands(peer, await me.ticket())
            floods = [asyncio.create_task(peer.say(one * 40_000)) for peer in found]
            codes = asyncio.gather(*(close_code(peer) for peer in found))
            assert await answered(anna) < FELT
            assert set(await codes) == {code}
            await asyncio.gather(*floods)


async def test_what_comes_before_the_handshake_is_answered_waits(scene: Any) -> None:
    _, address, _ = scene
    for _ in range(20):
        async with peers(address, 1) as (peer,):
            early = frame(PING, b"early") + frame(11) + frame(TEXT, b"\xff")
            await shake_hands(peer, "made-up", early)
            assert await close_code(peer) in (1002, 1007, 4401)


async def test_pongs_that_nobody_reads_take_no_memory(scene: Any) -> None:
    server, address, _ = scene
    me = await OutsideClient(address, "crowd1").sign_in()
    async with peers(address, 1) as (peer,):
        await shake_hands(peer, await me.ticket())
        before = server.memory()
        await asyncio.wait_for(peer.say(frame(PING, b"x" * 125) * 400_000), TIMEOUT_SECONDS)
        assert server.memory() - before < 10 * MIB


async def test_a_peer_that_keeps_to_the_protocol_may_send_them(scene: Any) -> None:
    _, address, _ = scene
    me = await OutsideClient(address, "crowd1").sign_in()
    command = b'{"type": "ping", "ref": "%s"}' % (b"x" * 150)
    async with peers(address, 1) as (peer,):
        await shake_hands(peer, await me.ticket())
        pieces = [frame(PIECE, command[at : at + 1], fin=False) for at in range(len(command))]
        pieces[0] = frame(TEXT, command[:1], fin=False)
        await peer.say(b"".join([*pieces, frame(PIECE), frame(PING, b"still there?")]))
        received = b""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while b'"type":"reply"' not in received or b"still there?" not in received:
                received += await peer.reader.read(65_536)


async def test_many_messages_in_one_read_are_all_taken_in(scene: Any) -> None:
    _, address, _ = scene
    me = await OutsideClient(address, "crowd1").sign_in()
    commands = b"".join(
        frame(TEXT, b'{"type": "ping", "ref": "%d", "x": "%s"}' % (n, b"x" * 200))
        for n in range(150)
    )
    async with peers(address, 1) as (peer,):
        await shake_hands(peer, await me.ticket())
        await peer.say(commands)
        received = b""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while b'"ref":"149"' not in received:
                received += await peer.reader.read(65_536)
        places = [received.find(b'"ref":"%d"' % n) for n in range(150)]
        assert places == sorted(places)
        assert places[0] > 0
