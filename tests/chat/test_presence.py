"""Who is online, over several processes that speak through a real channel layer."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from channels.layers import get_channel_layer

from chat import broadcast
from chat.queries.room_members import RosterRead
from chat.realtime import presence
from chat.realtime.presence import Presence
from chat.realtime.roster import Rosters

ROOM = uuid.uuid4()
OTHER = uuid.uuid4()
ADA, GRACE, ALAN = (uuid.UUID(int=n) for n in (1, 2, 3))
NAMES = {ADA: "ada", GRACE: "grace", ALAN: "alan"}

Told = tuple[str, str, str]
"""To whom it was told, of whom, and what."""


class Process:
    """One process's presence, and what it tells its people; all have written in one room."""

    def __init__(self, *watching: uuid.UUID) -> None:
        self.told: list[Told] = []
        self.frames = 0
        self.apart: dict[str, set[uuid.UUID]] = {}
        self.rosters = Rosters()
        self.presence = Presence(
            self.rosters, self._tell, lambda name: self.apart.get(name, frozenset())
        )
        self.read(ROOM, ADA, GRACE, ALAN)
        for user in watching:
            self.presence.came(user)

    def read(self, room: uuid.UUID, *writers: uuid.UUID, version: int = 0) -> None:
        names = {user: NAMES[user] for user in writers}
        self.rosters._put(room, RosterRead(list(names.values()), len(names), version, names))

    def _tell(self, user: uuid.UUID, frame: dict[str, Any]) -> None:
        self.frames += 1
        events = json.loads(frame["text"])
        for event in events if isinstance(events, list) else [events]:
            self.told.append((NAMES[user], event["user"], event["state"]))

    def take(self) -> list[Told]:
        told, self.told = self.told, []
        return sorted(told)


PassOn = Callable[..., Awaitable[None]]


@pytest.fixture
async def doorbells(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PassOn]:
    """Lets processes hear what has been published since the last call, until all is told."""
    monkeypatch.setattr(presence, "GATHER", 0.02)
    broadcast.start()
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(broadcast.PRESENCE_GROUP, channel)

    async def pass_on(*processes: Process) -> None:
        while True:
            try:
                async with asyncio.timeout(0.2):
                    event = await layer.receive(channel)
            except TimeoutError:
                return
            for process in processes:
                process.presence.hear(event)

    yield pass_on
    await layer.group_discard(broadcast.PRESENCE_GROUP, channel)


async def test_who_comes_is_told_on_every_process_to_all_but_themselves(doorbells: PassOn) -> None:
    here, there = Process(GRACE), Process(ALAN)
    await doorbells(here, there)
    here.take(), there.take()
    here.presence.came(ADA)
    await doorbells(here, there)
    assert here.take() == [("grace", "ada", "online")]
    assert there.take() == [("alan", "ada", "online")]
    assert here.presence.seen_by(GRACE) == there.presence.seen_by(GRACE) == ["ada", "alan"]


async def test_a_second_socket_or_process_tells_nobody_again(doorbells: PassOn) -> None:
    here, there = Process(GRACE), Process(ALAN)
    here.presence.came(ADA)
    await doorbells(here, there)
    here.take(), there.take()
    here.presence.came(ADA)
    there.presence.came(ADA)
    await doorbells(here, there)
    others = [event for event in here.take() + there.take() if event[0] != "ada"]
    assert others == []


async def test_someone_is_gone_when_they_left_the_last_process(doorbells: PassOn) -> None:
    here, there = Process(GRACE), Process()
    here.presence.came(ADA)
    there.presence.came(ADA)
    await doorbells(here, there)
    here.take()
    here.presence.went(ADA)
    await doorbells(here, there)
    assert ADA in here.presence
    assert here.take() == []
    there.presence.went(ADA)
    await doorbells(here, there)
    assert ADA not in here.presence and ADA not in there.presence
    assert here.take() == [("grace", "ada", "offline")]


async def test_whoever_comes_and_goes_within_a_moment_is_told_to_nobody(
    doorbells: PassOn,
) -> None:
    here, there = Process(GRACE), Process(ALAN)
    await doorbells(here, there)
    here.take(), there.take()
    for _ in range(5):
        here.presence.came(ADA)
        here.presence.went(ADA)
    await doorbells(here, there)
    assert here.take() == there.take() == []
    here.presence.came(ADA)
    await doorbells(here, there)
    here.take(), there.take()
    here.presence.went(ADA)
    here.presence.came(ADA)
    await doorbells(here, there)
    assert [event for event in here.take() + there.take() if event[0] != "ada"] == []


async def test_who_came_meanwhile_is_told_what_is_true_in_the_end(doorbells: PassOn) -> None:
    here = Process()
    await doorbells(here)
    here.presence.came(ADA)
    assert here.presence.seen_by(GRACE) == ["ada"]  # as their ``ready`` says
    here.presence.came(GRACE)
    here.presence.went(ADA)
    await doorbells(here)
    assert here.take() == [("grace", "ada", "offline")]


async def test_all_who_come_together_are_told_in_one_frame(doorbells: PassOn) -> None:
    here = Process(GRACE)
    await doorbells(here)
    here.frames = 0
    here.presence.came(ADA)
    here.presence.came(ALAN)
    await doorbells(here)
    assert ("grace", "ada", "online") in here.told and ("grace", "alan", "online") in here.told
    assert here.frames == 3


async def test_only_those_who_both_wrote_see_each_other(doorbells: PassOn) -> None:
    here = Process(GRACE, ADA)
    here.read(ROOM, GRACE)
    await doorbells(here)
    assert here.presence.seen_by(GRACE) == here.presence.seen_by(ADA) == []
    here.take()
    here.rosters.wrote(ROOM, {ADA: "ada"})
    await doorbells(here)
    assert here.take() == [("ada", "grace", "online"), ("grace", "ada", "online")]
    # A further room changes nothing.
    here.read(OTHER, GRACE)
    here.rosters.wrote(OTHER, {ADA: "ada"})
    await doorbells(here)
    assert here.take() == []
    # Nor does leaving one of two; leaving both does.
    here.read(ROOM, GRACE, version=1)
    await doorbells(here)
    assert here.take() == []
    here.read(OTHER, GRACE, version=1)
    await doorbells(here)
    assert here.take() == [("ada", "grace", "offline"), ("grace", "ada", "offline")]


async def test_two_who_write_for_the_first_time_together_see_each_other(doorbells: PassOn) -> None:
    here = Process(GRACE, ADA)
    here.read(ROOM)
    await doorbells(here)
    here.take()
    here.rosters.wrote(ROOM, {ADA: "ada", GRACE: "grace"})
    await doorbells(here)
    assert here.take() == [("ada", "grace", "online"), ("grace", "ada", "online")]


async def test_whoever_went_while_they_met_is_not_told_to_be_online(doorbells: PassOn) -> None:
    here = Process(GRACE)
    here.read(ROOM, GRACE)
    await doorbells(here)
    here.presence.came(ADA)
    here.rosters.wrote(ROOM, {ADA: "ada"})
    here.presence.went(ADA)
    await doorbells(here)
    assert ("grace", "ada", "online") not in here.take()


async def test_those_who_are_kept_apart_see_nothing_of_each_other(doorbells: PassOn) -> None:
    here = Process(GRACE, ALAN)
    await doorbells(here)
    here.take()
    here.apart = {"ada": {GRACE}, "grace": {ADA}}
    here.presence.came(ADA)
    await doorbells(here)
    assert here.take() == [("alan", "ada", "online")]
    assert here.presence.seen_by(ADA) == ["alan"]
    assert here.presence.seen_by(GRACE) == ["alan"]


async def test_a_digest_that_differs_is_answered_with_the_whole(doorbells: PassOn) -> None:
    here, late = Process(GRACE), Process(ALAN)
    here.presence.came(ADA)
    await doorbells()  # nobody hears any of it
    late.presence.hear({"process": here.presence._process, "came": [uuid.uuid4().hex], "went": []})
    here.presence.beat(presence.SNAPSHOT_EVERY)
    await doorbells(here, late)
    assert late.presence.seen_by(ALAN) == ["ada", "grace"]
    assert late.presence._elsewhere == {here.presence._process: {ADA, GRACE}}


async def test_where_nothing_changed_only_a_digest_is_said(
    doorbells: PassOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = Process(GRACE, ADA), Process(ALAN)
    await doorbells(here, there)
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(broadcast, "presence", said.append)
    for beat in range(1, 10 * presence.SNAPSHOT_EVERY):
        here.presence.beat(beat)
        there.presence.beat(beat)
        await asyncio.sleep(0)
    await doorbells(here, there)
    assert {frozenset(event) for event in said} == {frozenset({"process", "digest"})}


async def test_no_doorbell_names_rooms(doorbells: PassOn, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(broadcast, "presence", lambda event: said.append(json.dumps(event)))
    here = Process(GRACE, ADA)
    here.presence.introduce()
    await asyncio.sleep(0.1)
    here.presence.went(ADA)
    await asyncio.sleep(0.1)
    assert said
    assert not any(ROOM.hex in each or str(ROOM) in each for each in said)


async def test_a_process_that_fell_silent_is_forgotten(settings, doorbells: PassOn) -> None:
    settings.HEARTBEAT = 0.01
    here = Process(GRACE)
    here.presence.hear({"process": "dead", "came": [ADA.hex], "went": []})
    await doorbells(here)
    await asyncio.sleep(presence.FORGET_AFTER * settings.HEARTBEAT)
    here.presence.beat(1)
    await doorbells(here)
    assert ADA not in here.presence
    assert [event for event in here.told if event[1] == "ada"] == [
        ("grace", "ada", "online"),
        ("grace", "ada", "offline"),
    ]


async def test_what_a_whole_leaves_out_is_gone(doorbells: PassOn) -> None:
    here = Process()
    here.presence.hear({"process": "other", "came": [ADA.hex, GRACE.hex], "went": []})
    here.presence.hear({"process": "other", "all": [GRACE.hex]})
    assert ADA not in here.presence and GRACE in here.presence


async def test_one_that_begins_to_listen_is_told_by_all_others(doorbells: PassOn) -> None:
    here, there, new = Process(ADA), Process(GRACE), Process(ALAN)
    await doorbells(here, there)
    new.take()
    new.presence.introduce()
    await doorbells(here, there, new)
    assert new.presence.seen_by(ALAN) == ["ada", "grace"]
    assert new.take() == [("alan", "ada", "online"), ("alan", "grace", "online")]


async def test_many_who_share_many_rooms_are_told_once_each(doorbells: PassOn) -> None:
    """Two hundred people who share fifty rooms: not one event a room."""
    people = {uuid.uuid4(): f"person{n}" for n in range(200)}
    events: dict[uuid.UUID, int] = dict.fromkeys(people, 0)
    rosters = Rosters()

    def tell(user: uuid.UUID, frame: dict[str, Any]) -> None:
        events[user] += frame["text"].count('"presence"')

    everyone = Presence(rosters, tell, lambda name: ())
    for _ in range(50):
        rosters._put(uuid.uuid4(), RosterRead(list(people.values()), 200, 0, people))
    for user in people:
        everyone.came(user)
    await doorbells()
    assert max(events.values()) <= 200
    assert len(everyone.seen_by(next(iter(people)))) == 199
