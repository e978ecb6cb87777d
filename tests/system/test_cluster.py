"""Two servers behind nginx with one Redis: fifty people write while parts of it fail."""

import asyncio
import random
import time
import uuid
from typing import Any

import pytest
import redis as redis_client

from tests.conftest import Serve
from tests.support.live import Redis
from tests.support.outside import OutsideClient, assert_complete
from tests.system.test_crash import LOST

pytestmark = pytest.mark.once

CLIENTS = 50
MESSAGES_EACH = 10
ALL = CLIENTS * MESSAGES_EACH
PAUSE = 5
WRITING = 16
"""Seconds in which everybody writes all of theirs, and in which all of it fails."""


class Person:
    """Writes now and then, comes back whenever the connection is lost, and sends again."""

    def __init__(self, client: OutsideClient, room: str) -> None:
        self.client, self.room = client, room
        self.acknowledged: list[dict] = []

    async def write(self) -> None:
        for number in range(MESSAGES_EACH):
            await asyncio.sleep(random.uniform(0.5, 1.5) * WRITING / MESSAGES_EACH)
            client_id = str(uuid.uuid4())
            while True:
                try:
                    body = f"{self.client.username} {number}"
                    sent = await self.client.send(self.room, body, client_id=client_id)
                except LOST:
                    await asyncio.sleep(random.uniform(0.1, 1))
                else:
                    self.acknowledged.append(sent)
                    break

    async def stay(self) -> None:
        while True:
            await asyncio.wait([self.client.closed])
            await asyncio.sleep(random.uniform(0, 1))
            try:
                await self.client.disconnect()
                await self.client.connect()
            except LOST:
                pass
            except AssertionError as refused:
                if "(50" not in str(refused):
                    raise


@pytest.mark.timeout(300)
async def test_a_killed_server_and_a_paused_redis_lose_and_double_nothing(
    serve: Serve, redis: Redis, seeded, nginx
):
    room = seeded.rooms["crowd"]
    settings: dict[str, Any] = {
        "RATE_LIMITS": "off",
        "HEARTBEAT": "2",
        "REDIS_URL": redis.url,
        "TRUSTED_PROXY_COUNT": "1",
    }
    first = serve(expect_errors=True, **settings)
    second = serve(data_of=first, expect_errors=True, **settings)
    address = nginx(first, second)
    people = []
    for number in range(CLIENTS):
        client = OutsideClient(address, f"crowd{number % 40}")
        await client.sign_in()
        await client.connect()
        people.append(Person(client, room))
    staying = [asyncio.create_task(person.stay()) for person in people]
    writing = [asyncio.create_task(person.write()) for person in people]
    await asyncio.sleep(2)
    await asyncio.to_thread(second.kill)
    await asyncio.sleep(2)
    await asyncio.to_thread(second.start)
    await asyncio.sleep(1)
    control = redis_client.Redis(port=redis.port)
    control.execute_command("CLIENT", "PAUSE", PAUSE * 1000, "ALL")
    await asyncio.sleep(PAUSE)
    redis.kill()
    await asyncio.sleep(1)
    redis.start()
    await asyncio.wait_for(asyncio.gather(*writing), 120)
    deadline = time.monotonic() + 40
    while any(
        person.client.held[room].position < ALL or person.client.closed.done() for person in people
    ):
        for task in staying:
            if task.done():
                task.result()
        assert time.monotonic() < deadline, "not everyone has everything"
        await asyncio.sleep(0.1)
    async with OutsideClient(first.url, "crowd0") as fresh:
        stored = await fresh.history(room)
    assert [message["number"] for message in stored] == list(range(1, ALL + 1))
    by_id = {message["id"]: message for message in stored}
    assert len(by_id) == ALL
    for person in people:
        assert len(person.acknowledged) == MESSAGES_EACH
        assert all(by_id[message["id"]] == message for message in person.acknowledged)
        assert_complete(person.client, room, ALL)
        assert person.client.held[room].ordered() == stored
    for task in staying:
        task.cancel()
    for person in people:
        await person.client.disconnect()
