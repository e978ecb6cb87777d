"""Two servers on one database that change the same rooms at once."""

import asyncio
import random
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import databases
from tests.conftest import Serve
from tests.live import Redis, Server
from tests.outside import OutsideClient

ROOMS, SOCKETS = 8, 10
EACH, SLOWEST = 40, 5.0
"""Rounds, and the seconds that anybody may wait. Deadlocks that were tried again with their locks
held froze everybody for 40 to 100."""


def deadlocks(server: Server) -> int:
    """How many PostgreSQL tells of in its log; its statistics count none that a victim survives."""
    with psycopg.connect((server.data_dir / databases.ADDRESS).read_text()) as connection:
        ((data,),) = connection.execute("SHOW data_directory").fetchall()
    log = Path(data).parent / "log"
    return log.read_text().count("deadlock detected") if log.exists() else 0


@pytest.mark.timeout(240)
@pytest.mark.skipif(
    databases.kind() != "postgres",
    reason="it is about locks of rows; tests/databases/test_log.py has the others",
)
async def test_reactions_in_the_same_rooms_freeze_nobody(redis: Redis, serve: Serve):
    settings: dict[str, Any] = {"RATE_LIMITS": "off", "REDIS_URL": redis.url}
    first = serve(**settings)
    second = serve(data_of=first, **settings)
    people = [
        OutsideClient((first, second)[number % 2].url, f"crowd{number}")
        for number in range(2 * SOCKETS)
    ]
    for person in people:
        await person.sign_in()
        await person.connect()
    names = [person.username for person in people[1:]]
    posts = []
    for number in range(ROOMS):
        room = await people[0].command(
            "room.open", kind="private", name=f"Votes {number}", members=names
        )
        posts.append(await people[0].send(room["room"]["id"], "Vote!"))
    for person in people:
        await person.until(lambda person=person: all(p["room"] in person.held for p in posts), 20)

    waits: list[float] = []

    async def react(person: OutsideClient, post: dict, *, on: bool) -> None:
        began = time.monotonic()
        await person.command("message.react", message=post["id"], emoji="👍", on=on)
        waits.append(time.monotonic() - began)

    async def vote(person: OutsideClient) -> None:
        for turn in range(EACH):
            several = random.sample(posts, 4)
            await asyncio.gather(*(react(person, post, on=turn % 2 == 0) for post in several))
            if turn % 5 == 0:
                post = random.choice(posts)
                await person.send(post["room"], "Voted.", client_id=str(uuid.uuid4()))

    await asyncio.gather(*(vote(person) for person in people))
    assert len(waits) == 4 * EACH * len(people)
    print(f"{len(waits)} reactions: the slowest took {max(waits):.2f} s")
    assert max(waits) < SLOWEST
    assert deadlocks(first) == 0
    for person in people:
        await person.disconnect()
