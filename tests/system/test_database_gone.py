"""A database that is gone for twenty seconds, under people who write."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import databases
from tests.databases.mortal import PostgreSQL
from tests.databases.stopped import stoppable_postgresql
from tests.support.live import Server
from tests.support.outside import CommandError, OutsideClient, assert_complete

PEOPLE, MESSAGES_EACH = 5, 20
ALL = PEOPLE * MESSAGES_EACH
RIGHT_WITHIN = 4.5
"""Seconds after which a database that is back serves everybody, at the first try.

A busy machine has most of what a thread takes that waits for a server that is gone: 5 s,
``tcp_user_timeout``.
"""


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    with stoppable_postgresql() as server:
        yield server


@dataclass
class Writer:
    """Keeps each message until it is acknowledged, as every client does."""

    client: OutsideClient
    room: str
    acknowledged: dict[str, dict] = field(default_factory=dict)
    refused: int = 0

    async def write(self, number: int) -> None:
        client_id = str(uuid.uuid4())
        await asyncio.sleep(number * 1.5)
        while client_id not in self.acknowledged:
            try:
                sent = await self.client.send(self.room, str(number), client_id=client_id)
                self.acknowledged[client_id] = sent
            except CommandError as error:
                assert error.code == "server_error"
                self.refused += 1
                await asyncio.sleep(0.5)


@pytest.mark.timeout(240)
@pytest.mark.skipif(
    bool(databases.server()),
    reason="the test starts a PostgreSQL that it can stop: the run on SQLite has it",
)
async def test_a_database_that_is_gone_for_20_seconds_costs_nothing_but_them(
    tmp_path: Path, postgresql: PostgreSQL
):
    data = tmp_path / "data"
    data.mkdir()
    settings = {"DATABASE_URL": databases.create(postgresql.base)}
    server = Server(data, settings | {"RATE_LIMITS": "off", "HEARTBEAT": "2"})
    server.manage("migrate", "--verbosity=0")
    server.start()
    try:
        people = [await OutsideClient(server.url, f"writer{n}").sign_up() for n in range(PEOPLE)]
        for client in people:
            await client.connect()
        names = [client.username for client in people[1:]]
        opened = await people[0].command("room.open", kind="private", name="Us", members=names)
        room = opened["room"]["id"]
        for client in people:
            await client.until(lambda held=client.held: room in held)
        writers = [Writer(client, room) for client in people]
        writing = [
            asyncio.create_task(writer.write(number))
            for writer in writers
            for number in range(MESSAGES_EACH)
        ]
        await asyncio.sleep(4)
        await asyncio.to_thread(postgresql.kill)
        await asyncio.sleep(10)
        async with people[0].http() as http:
            answer = await http.get("/healthz")
            assert answer.status_code == 503
            assert "database" in answer.json()["detail"]
            await asyncio.sleep(10)
            await asyncio.to_thread(postgresql.start)
            async with asyncio.timeout(30):
                while (await http.get("/healthz")).status_code != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            began = time.monotonic()
            # All threads of the server were connected to the one that is gone.
            reads = [client.command("history", room=room) for client in people for _ in range(8)]
            await asyncio.gather(*reads)
            await asyncio.gather(*(client.upload("a", b"a", "text/plain") for client in people))
            assert time.monotonic() - began < RIGHT_WITHIN
            await asyncio.wait_for(asyncio.gather(*writing), 90)
        for client in people:
            await client.until(lambda held=client.held: held[room].position == ALL, 20)
        stored = await people[0].history(room)
    finally:
        server.stop()
    assert sum(writer.refused for writer in writers) > 0
    assert [message["number"] for message in stored] == list(range(1, ALL + 1))
    by_client_id = {message["client_id"]: message for message in stored}
    for writer in writers:
        assert len(writer.acknowledged) == MESSAGES_EACH
        assert writer.acknowledged.items() <= by_client_id.items()
        assert_complete(writer.client, room, ALL)
        assert writer.client.held[room].ordered() == stored
