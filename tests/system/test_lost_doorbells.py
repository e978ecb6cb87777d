"""Redis is away for a while, and nobody waits for the next heartbeat when it is back."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.live import Redis
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

AWAY = 4
WITHIN = 5


@pytest.mark.timeout(120)
async def test_what_was_said_while_redis_was_away_is_heard_when_it_is_back(
    redis: Redis, serve: Serve, seeded
):
    settings: dict[str, Any] = {"RATE_LIMITS": "off", "HEARTBEAT": "60", "REDIS_URL": redis.url}
    first = serve(expect_errors=True, **settings)
    second = serve(data_of=first, expect_errors=True, **settings)
    room = seeded.rooms["crowd"]
    anna, ben = OutsideClient(first.url, "crowd0"), OutsideClient(second.url, "crowd1")
    carl = OutsideClient(first.url, "crowd2")
    for client in (anna, ben, carl):
        await client.sign_in()
    async with anna, ben, carl:
        ours, theirs = [
            (await each.command("room.open", kind="direct", members=["crowd1"]))["room"]["id"]
            for each in (anna, carl)
        ]
        await anna.send(room, "before")
        await ben.until(lambda: "before" in ben.bodies(room))
        assert not {ours, theirs} & ben.held.keys()
        # The first message of a direct room brings it to every process.
        await anna.send(ours, "the first")
        await ben.until(lambda: ours in ben.held and ben.bodies(ours) == ["the first"], WITHIN)
        redis.kill()
        for number in range(AWAY):
            await anna.send(room, f"meanwhile {number}")
            await asyncio.sleep(1)
        await carl.send(theirs, "the first of mine")
        opened = await anna.command("room.open", kind="private", name="New", members=["crowd1"])
        redis.start()
        await ben.until(lambda: f"meanwhile {AWAY - 1}" in ben.bodies(room), WITHIN)
        await ben.until(lambda: {opened["room"]["id"], theirs} <= ben.held.keys(), 1)
        assert ben.bodies(theirs) == ["the first of mine"]
        await anna.send(room, "after")
        await ben.until(lambda: "after" in ben.bodies(room), 1)
