"""Who is here, over several processes that speak through a real channel layer."""

import asyncio
import json
import uuid

import pytest
from channels.layers import get_channel_layer

from chat import presence, publish
from chat.presence import Presence

ROOM = uuid.uuid4()
OTHER = uuid.uuid4()


class Process:
    """One process's presence, and what it tells its rooms."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, uuid.UUID]] = []
        self.presence = Presence(self._tell)

    def _tell(self, username, rooms, text):
        event = json.loads(text)
        assert event["user"] == username
        self.told += [(username, event["state"], room) for room in rooms]


@pytest.fixture
async def doorbells():
    """Lets processes hear what has been published since the last call."""
    publish.start()
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(publish.PRESENCE_GROUP, channel)

    async def pass_on(*processes):
        while True:
            try:
                async with asyncio.timeout(0.2):
                    event = await layer.receive(channel)
            except TimeoutError:
                return
            for process in processes:
                process.presence.hear(event)

    yield pass_on
    await layer.group_discard(publish.PRESENCE_GROUP, channel)


async def test_who_comes_is_told_to_their_rooms_on_every_process(doorbells):
    here, there = Process(), Process()
    here.presence.came("ada", [ROOM])
    await doorbells(here, there)
    assert here.told == there.told == [("ada", "online", ROOM)]
    assert "ada" in here.presence and "ada" in there.presence


async def test_a_second_socket_or_process_tells_nobody_again(doorbells):
    here, there = Process(), Process()
    here.presence.came("ada", [ROOM])
    here.presence.came("ada", [ROOM])
    await doorbells(here, there)
    there.presence.came("ada", [ROOM])
    await doorbells(here, there)
    assert here.told == there.told == [("ada", "online", ROOM)]


async def test_someone_is_gone_when_they_left_the_last_process(doorbells):
    here, there = Process(), Process()
    here.presence.came("ada", [ROOM])
    there.presence.came("ada", [ROOM])
    await doorbells(here, there)
    here.presence.went("ada")
    await doorbells(here, there)
    assert "ada" in here.presence
    there.presence.went("ada")
    await doorbells(here, there)
    assert "ada" not in here.presence and "ada" not in there.presence
    assert here.told[-1] == there.told[-1] == ("ada", "offline", ROOM)


async def test_a_new_room_learns_who_is_here(doorbells):
    here, there = Process(), Process()
    here.presence.came("ada", [ROOM])
    here.presence.moved("ada", [ROOM, OTHER])
    await doorbells(here, there)
    assert here.told == [("ada", "online", ROOM), ("ada", "online", OTHER)]
    assert ("ada", "online", OTHER) in there.told


async def test_the_whole_said_again_heals_what_was_not_heard(doorbells):
    here, late = Process(), Process()
    here.presence.came("ada", [ROOM])
    here.presence.came("grace", [ROOM])
    here.presence.went("grace")
    await doorbells()  # nobody hears any of it
    late.presence.hear({"process": "another", "came": {"grace": [ROOM.hex]}})
    here.presence.beat(presence.SNAPSHOT_EVERY)
    await doorbells(late)
    assert "ada" in late.presence
    assert ("ada", "online", ROOM) in late.told


async def test_a_process_that_fell_silent_is_forgotten(settings):
    settings.HEARTBEAT = 0.01
    here = Process()
    here.presence.hear({"process": "dead", "came": {"ada": [ROOM.hex]}})
    await asyncio.sleep(presence.FORGET_AFTER * settings.HEARTBEAT + 0.05)
    here.presence.beat(1)
    assert "ada" not in here.presence
    assert here.told == [("ada", "online", ROOM), ("ada", "offline", ROOM)]


async def test_what_a_snapshot_leaves_out_is_gone():
    here = Process()
    here.presence.hear({"process": "other", "came": {"ada": [ROOM.hex], "grace": [ROOM.hex]}})
    here.presence.hear({"process": "other", "all": {"grace": [ROOM.hex]}})
    assert "ada" not in here.presence and "grace" in here.presence


async def test_one_that_begins_to_listen_is_told_by_all_others(doorbells):
    here, there, new = Process(), Process(), Process()
    here.presence.came("ada", [ROOM])
    there.presence.came("grace", [OTHER])
    await doorbells(here, there)
    new.presence.introduce()
    await doorbells(here, there, new)
    assert "ada" in new.presence and "grace" in new.presence
    assert sorted(new.told) == [("ada", "online", ROOM), ("grace", "online", OTHER)]
