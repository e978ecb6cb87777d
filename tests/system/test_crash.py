"""Servers and Redis are killed while twenty people write: nothing acknowledged is lost.

The kills go by progress, so that each falls into the middle of the sending.
"""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests import databases
from tests.conftest import Serve
from tests.support.live import Redis, Server
from tests.support.outside import ClosedError, OutsideClient, assert_complete

pytestmark = pytest.mark.not_again_on(
    postgres="tests/system/chaos kills the same servers and the same Redis there, and more"
)

PEOPLE, MESSAGES_EACH = (5, 6) if databases.is_emulated() else (20, 50)
ALL = PEOPLE * MESSAGES_EACH
SETTLED_IN = 5.0
LOST = (ClosedError, OSError, httpx.HTTPError, InvalidHandshake, WebSocketException, TimeoutError)


@dataclass
class Writer:
    """Someone who writes and, whatever happens, comes back and sends again what is unanswered."""

    client: OutsideClient
    room: str
    acknowledged: dict[str, dict] = field(default_factory=dict)
    reconnects: int = 0

    async def run(self) -> None:
        await asyncio.gather(
            self._keep_connected(), *(self._write(number) for number in range(MESSAGES_EACH))
        )

    async def _write(self, number: int) -> None:
        await asyncio.sleep(number * 0.15 + random.random() * 0.15)
        client_id = str(uuid.uuid4())
        while True:
            try:
                stored = await self.client.send(
                    self.room, f"{self.client.username} {number}", client_id=client_id
                )
                self.acknowledged[client_id] = stored
                return
            except LOST:
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _keep_connected(self) -> None:
        while True:
            await asyncio.wait([self.client.closed])
            await asyncio.sleep(random.uniform(0, 0.4))
            try:
                await self.client.disconnect()
                await self.client.connect()
                self.reconnects += 1
            except LOST:
                pass
            except AssertionError as refused:
                # The door answers 5xx while the server goes down; everything else is a defect.
                if "(50" not in str(refused):
                    raise


async def _progress(writers: list[Writer], count: int, tasks: list[asyncio.Task]) -> None:
    while sum(len(writer.acknowledged) for writer in writers) < count:
        for task in tasks:
            if task.done():
                task.result()
        await asyncio.sleep(0.02)


async def _settle(writers: list[Writer], room: str, tasks: list[asyncio.Task]) -> float:
    """Waits until every client holds everything; how long that took after the last kill."""
    started = time.monotonic()
    await _progress(writers, ALL, tasks)
    while any(
        writer.client.held[room].position < ALL or writer.client.closed.done() for writer in writers
    ):
        for task in tasks:
            if task.done():
                task.result()
        assert time.monotonic() - started < 30
        await asyncio.sleep(0.02)
    return time.monotonic() - started


async def _assert_nothing_lost(writers: list[Writer], server: Server, room: str) -> None:
    async with OutsideClient(server.url, "crowd0") as fresh:
        stored = await fresh.history(room)
    assert [message["number"] for message in stored] == list(range(1, ALL + 1))
    by_id = {message["id"]: message for message in stored}
    assert len(by_id) == ALL
    for writer in writers:
        assert len(writer.acknowledged) == MESSAGES_EACH
        for message in writer.acknowledged.values():
            assert by_id[message["id"]] == message
        assert_complete(writer.client, room, ALL)
        assert writer.client.held[room].ordered() == stored


async def _start(servers: list[Server], room: str) -> list[Writer]:
    writers = []
    for number in range(PEOPLE):
        client = OutsideClient(servers[number % len(servers)].url, f"crowd{number}")
        await client.sign_in()
        await client.connect()
        writers.append(Writer(client, room))
    return writers


@pytest.mark.timeout(150)
async def test_a_server_killed_five_times_loses_and_doubles_nothing(serve: Serve, seeded):
    room = seeded.rooms["crowd"]
    server = serve(RATE_LIMITS="off", HEARTBEAT="2")
    writers = await _start([server], room)
    tasks = [asyncio.create_task(writer.run()) for writer in writers]
    for kill in range(1, 6):
        await _progress(writers, kill * ALL // 6, tasks)
        await asyncio.to_thread(server.restart)
    took = await _settle(writers, room, tasks)
    assert all(writer.reconnects for writer in writers)
    await _assert_nothing_lost(writers, server, room)
    assert took < SETTLED_IN
    for task in tasks:
        task.cancel()
    for writer in writers:
        await writer.client.disconnect()


@pytest.mark.timeout(180)
async def test_two_servers_and_their_redis_killed_in_turn_lose_and_double_nothing(
    serve: Serve, redis: Redis, seeded
):
    room = seeded.rooms["crowd"]
    settings: dict[str, Any] = {"RATE_LIMITS": "off", "HEARTBEAT": "2", "REDIS_URL": redis.url}
    first = serve(expect_errors=True, **settings)
    servers = [first, serve(data_of=first, expect_errors=True, **settings)]
    writers = await _start(servers, room)
    tasks = [asyncio.create_task(writer.run()) for writer in writers]
    for kill in range(1, 6):
        await _progress(writers, kill * ALL // 6, tasks)
        if kill in (2, 4):
            redis.kill()
            await asyncio.sleep(0.7)
            redis.start()
        await asyncio.to_thread(servers[kill % 2].restart)
    took = await _settle(writers, room, tasks)
    await _assert_nothing_lost(writers, servers[0], room)
    assert took < SETTLED_IN
    for task in tasks:
        task.cancel()
    for writer in writers:
        await writer.client.disconnect()
