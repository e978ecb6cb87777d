"""A server is stopped as a deployment stops it, while many people write."""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from mediachat.server.websockets import LEAVING_A_SECOND
from tests import databases
from tests.conftest import Serve
from tests.support.live import Redis
from tests.support.outside import ClosedError, OutsideClient, assert_complete

pytestmark = pytest.mark.once

PEOPLE, SOCKETS_EACH = (10, 2) if databases.is_emulated() else (40, 3)
EVERY = 2.0
"""Seconds between two messages of one socket."""


@dataclass
class Writer:
    """Writes until it is sent away, and then once more what was not answered."""

    client: OutsideClient
    room: str
    acknowledged: dict[str, dict] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    closed_at: float = 0.0
    back_at: float = 0.0

    async def write_until_closed(self) -> None:
        sends: list[asyncio.Task[None]] = []
        while not self.client.closed.done():
            sends.append(asyncio.create_task(self._send(str(uuid.uuid4()))))
            await asyncio.wait([self.client.closed], timeout=EVERY * random.uniform(0.5, 1.5))
        self.closed_at = time.monotonic()
        await asyncio.gather(*sends)

    async def _send(self, client_id: str) -> None:
        try:
            sent = await self.client.send(self.room, "while it stops", client_id=client_id)
        except ClosedError as closed:
            assert closed.code in (1012, 1006), closed
            self.unanswered.append(client_id)
        else:
            self.acknowledged[client_id] = sent

    async def come_back(self, address: str) -> None:
        self.client.url = address
        await self.client.disconnect()
        await self.client.connect()
        self.back_at = time.monotonic()

    async def send_again(self) -> None:
        for client_id in self.unanswered:
            sent = await self.client.send(self.room, "while it stops", client_id=client_id)
            self.acknowledged[client_id] = sent


@pytest.mark.timeout(300)
async def test_a_stopped_server_answers_what_it_stores_and_sends_people_away_by_and_by(
    redis: Redis, serve: Serve, seeded, nginx
):
    room = seeded.rooms["crowd"]
    settings: dict[str, Any] = {"REDIS_URL": redis.url, "TRUSTED_PROXY_COUNT": "1"}
    settings |= {"RATE_LIMITS": "off", "HEARTBEAT": "2"}
    first = serve(**settings)
    second = serve(data_of=first, **settings)
    address = nginx(first, second)
    tokens: dict[str, str] = {}
    writers = []
    for number in range(PEOPLE * SOCKETS_EACH):
        client = OutsideClient(first.url, f"crowd{number % PEOPLE}")
        client.token = tokens.get(client.username, "") or (await client.sign_in()).token
        tokens[client.username] = client.token
        writers.append(Writer(await client.connect(), room))
    writing = [asyncio.create_task(writer.write_until_closed()) for writer in writers]
    await asyncio.sleep(4)

    process = first.process
    assert process is not None
    stopping = asyncio.create_task(asyncio.to_thread(first.stop))
    await asyncio.wait_for(asyncio.gather(*writing), 30)
    await stopping
    assert process.returncode in (0, -15), process.returncode  # ended by itself
    assert {writer.client.closed.result() for writer in writers} == {1012}

    # Whatever is stored has been answered, and whatever has been answered is stored.
    async with OutsideClient(second.url, "crowd0") as witness:
        stored = {message["client_id"]: message for message in await witness.history(room)}
    acknowledged = {key: each for writer in writers for key, each in writer.acknowledged.items()}
    assert acknowledged == stored
    assert len(stored) > len(writers)

    closed = sorted(writer.closed_at for writer in writers)
    spread = closed[-1] - closed[0]
    assert spread > len(closed) / LEAVING_A_SECOND / 2
    soon = sum(at < closed[0] + spread / 2 for at in closed)
    assert len(closed) / 5 < soon < len(closed) * 4 / 5

    await asyncio.gather(*(writer.come_back(address) for writer in writers))
    await asyncio.gather(*(writer.send_again() for writer in writers))
    count = len(stored) + sum(len(writer.unanswered) for writer in writers)
    for writer in writers:
        await writer.client.until(lambda held=writer.client.held: held[room].position == count, 20)
        assert_complete(writer.client, room, count)
    for writer in writers:
        await writer.client.disconnect()
    print(f"{len(stored)} stored, {count - len(stored)} sent again, sent away in {spread:.1f} s")
