"""What comes in one connection without waiting for an answer, or as a handshake that is none."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests.conftest import Serve
from tests.support.handshakes import handshake
from tests.system.test_slow_peers import MIB, TIMEOUT_SECONDS, peers, started

pytestmark = pytest.mark.once

__all__ = ["started"]

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_requests_that_wait_for_no_answer_are_few(serve: Serve) -> None:
    server = serve()
    before = server.memory()
    async with peers(server.url, 10) as found, httpx.AsyncClient(base_url=server.url) as http:
        floods = [asyncio.create_task(peer.say(REQUEST * (MIB // len(REQUEST)))) for peer in found]
        await asyncio.sleep(0)
        began = time.monotonic()
        assert (await http.get("/healthz")).status_code == 200
        assert time.monotonic() - began < 3  # it took 20
        for peer in found:
            await asyncio.wait_for(peer.closed(), TIMEOUT_SECONDS)
        await asyncio.gather(*floods)
    assert server.memory() - before < 20 * MIB


async def test_some_are_answered_in_turn(serve: Serve) -> None:
    async with peers(serve().url, 1) as (peer,):
        await peer.say(REQUEST * 8)
        answers = b""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while answers.count(b"0\r\n\r\n") < 8:
                answers += await peer.reader.read(65_536)
        assert answers.count(b"HTTP/1.1 200 OK") == 8


async def test_leaving_with_requests_under_way_is_no_error(serve: Serve) -> None:
    server = serve()  # looks for errors in its log
    for _ in range(20):
        async with peers(server.url, 1) as (peer,):
            await peer.say(REQUEST * 8)
            await peer.reader.read(1)


@pytest.mark.parametrize(
    "body", ["Content-Length: 100000", "Transfer-Encoding: chunked", "Transfer-Encoding: 0"]
)
@pytest.mark.parametrize("started", ["uvicorn", "daphne"], indirect=True)  # nginx has clocks
async def test_a_handshake_has_no_body(started: Any, body: str) -> None:
    _, address = started()
    for door in ("/ws/", "/ws/client/"):
        request = handshake(door, body)
        async with peers(address, 1) as (peer,):
            await peer.say(request)
            await asyncio.wait_for(peer.closed(), TIMEOUT_SECONDS)


@pytest.mark.parametrize(
    "headers", [[f"X{number}: x" for number in range(130)], ["X: " + "x" * 9_000]]
)
async def test_a_handshake_that_is_none_is_answered_and_ended(
    serve: Serve, headers: list[str]
) -> None:
    server = serve()
    request = handshake("/ws/", *headers)
    async with peers(server.url, 1) as (peer,):
        await peer.say(request)
        status, _ = await peer.answer()
        assert status == 431
        await asyncio.wait_for(peer.closed(), TIMEOUT_SECONDS)
