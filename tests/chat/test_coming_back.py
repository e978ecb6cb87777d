"""Everyone comes back at once: each is brought in step, and the log is read once for all."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from chat.actions import messages
from chat.concurrency.batch_loader import BatchLoader
from chat.models import Membership, Message, Room
from chat.realtime import greeting
from chat.realtime.hub import Hub
from tests.support.drafts import draft_of
from tests.support.fake_connection import FakeConnection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
]


def of_the_log(statements: list[str]) -> list[str]:
    """What is read of messages, but for how many of someone's rooms' are unread: that differs from
    one reader to the next, and comes with the rooms."""
    table = Message._meta.db_table
    return [each for each in statements if table in each and '"unasked"' not in each]


def people(count: int) -> list[FakeConnection]:
    users = User.objects.bulk_create(User(username=f"person{n}") for n in range(count))
    until = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create(
        Session(session_key=f"session{user.username}", expire_date=until) for user in users
    )
    return [FakeConnection(user, f"session{user.username}") for user in users]


def private_rooms(count: int, visitors: list[FakeConnection]) -> list[Room]:
    rooms = Room.objects.bulk_create(Room(kind="private", name=f"{n}") for n in range(count))
    Membership.objects.bulk_create(
        Membership(room=room, user=fake_connection.user)
        for room in rooms
        for fake_connection in visitors
    )
    return rooms


def say(fake_connection: FakeConnection, room: Room, count: int) -> None:
    messages.send_messages([draft_of(fake_connection.user, room.pk, f"{n}") for n in range(count)])


@sync_to_async
def _set_up(rooms: int, visitors: int, said: int) -> tuple[list[Room], list[FakeConnection]]:
    came = people(visitors)
    made = private_rooms(rooms, came)
    for room in made:
        say(came[0], room, said)
    return made, came


async def test_the_log_is_read_once_a_room_and_not_once_a_client(statements: list[str]) -> None:
    rooms, visitors = await _set_up(rooms=3, visitors=40, said=20)
    hub = Hub()
    statements.clear()

    async def come_back(fake_connection: FakeConnection, position: int) -> list[str | None]:
        await hub.enter(fake_connection)
        positions = {room.pk: position for room in rooms}
        await hub.read_back(fake_connection, positions)
        return [await hub.changes(fake_connection, room, position) for room in positions]

    told = await asyncio.gather(
        *(come_back(fake_connection, n % 20) for n, fake_connection in enumerate(visitors))
    )
    # The heads of the rooms, and then what each of them lacked.
    assert len(of_the_log(statements)) <= len(rooms)
    assert len(statements) < len(visitors)
    for n, (fake_connection, changes) in enumerate(zip(visitors, told, strict=True)):
        (ready,) = [frame for frame in fake_connection.frames if frame["type"] == "ready"]
        assert [room["position"] for room in ready["rooms"]] == [20] * 3
        for change in changes:
            positions = [message["position"] for message in json.loads(change or "")["messages"]]
            assert positions == list(range(n % 20 + 1, 21))


async def test_who_comes_to_a_room_that_others_are_in_reads_nothing_of_its_log(
    statements: list[str],
) -> None:
    (room,), (first, second) = await _set_up(rooms=1, visitors=2, said=3)
    hub = Hub()
    await hub.enter(first)
    statements.clear()
    await hub.enter(second)
    assert of_the_log(statements) == []
    (ready,) = [frame for frame in second.frames if frame["type"] == "ready"]
    assert (ready["rooms"][0]["position"], ready["rooms"][0]["number"]) == (3, 3)
    assert {room.pk} == second.rooms


@pytest.mark.impossible_on(
    mongodb="it counts statements of SQL; tests/databases/test_plans.py has the query"
)
async def test_sync_of_500_rooms_takes_two_queries(statements: list[str]) -> None:
    rooms, (fake_connection,) = await _set_up(rooms=500, visitors=1, said=2)
    hub = Hub()
    statements.clear()
    await hub.enter(fake_connection)
    assert len(of_the_log(statements)) == 1
    statements.clear()
    positions = {room.pk: 1 for room in rooms}
    await hub.read_back(fake_connection, positions)
    told = [await hub.changes(fake_connection, room, 1) for room in positions]
    # One for the sizes, and one for the messages.
    assert len(statements) == 2
    assert all(json.loads(each or "")["messages"][0]["position"] == 2 for each in told)
    statements.clear()
    in_step = {room.pk: 2 for room in rooms}
    await hub.read_back(fake_connection, in_step)
    assert [await hub.changes(fake_connection, room, 2) for room in in_step] == [None] * 500
    assert statements == []


async def test_each_is_refused_for_reasons_of_their_own() -> None:
    _, visitors = await _set_up(rooms=1, visitors=3, said=0)
    visitors[1].session_key = "ended"
    visitors[2].user.is_active = False
    await visitors[2].user.asave()
    hub = Hub()
    await asyncio.gather(*(hub.enter(each) for each in visitors))
    assert [each.closed_with for each in visitors] == [None, 4401, 4403]
    assert [bool(each.frames) for each in visitors] == [True, False, False]


# -- Gathered itself ---------------------------------------------------------------------------


async def test_what_is_asked_while_a_read_runs_is_read_together_after_it() -> None:
    reads: list[list[int]] = []

    async def read(keys: Any) -> dict[int, int]:
        reads.append(list(keys))
        await asyncio.sleep(0.01)
        return {key: key * 2 for key in keys}

    gathered = BatchLoader(read)
    first = asyncio.ensure_future(gathered.load(1))
    await asyncio.sleep(0.005)
    others = [asyncio.ensure_future(gathered.load(n)) for n in (2, 3, 2, 1)]
    assert await first == [2]
    # The second question about 1 was asked after the first read began.
    assert await asyncio.gather(*others) == [[4], [6], [4], [2]]
    assert reads == [[1], [2, 3, 1]]


async def test_a_read_that_fails_fails_for_those_who_asked_and_no_others() -> None:
    async def read(keys: Any) -> dict[str, str]:
        await asyncio.sleep(0)
        if "bad" in keys:
            raise ValueError
        return dict.fromkeys(keys, "good")

    gathered = BatchLoader(read)
    failing = asyncio.ensure_future(gathered.load("bad"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    fine = asyncio.ensure_future(gathered.load("fine"))
    with pytest.raises(ValueError):
        await failing
    assert await fine == ["good"]


async def test_between_two_reads_there_can_be_a_rest() -> None:
    """What strangers ask for costs so many reads a second, however often they ask."""
    reads: list[int] = []

    async def read(keys: Any) -> dict[int, int]:
        reads.append(len(keys))
        return dict.fromkeys(keys, 0)

    gathered = BatchLoader(read, rest=0.1)
    began = asyncio.get_running_loop().time()
    asked = [asyncio.ensure_future(gathered.load(0))]
    await asked[0]
    assert asyncio.get_running_loop().time() - began < 0.05  # the first does not wait
    for number in range(1, 101):
        asked.append(asyncio.ensure_future(gathered.load(number)))
        await asyncio.sleep(0.003)
    await asyncio.gather(*asked)
    took = asyncio.get_running_loop().time() - began
    assert sum(reads) == 101
    assert len(reads) <= took / 0.1 + 1


# -- The first frame is bounded ----------------------------------------------------------------


@sync_to_async
def _many_rooms(rooms: int, members: int) -> tuple[list[Room], FakeConnection, list[User]]:
    (fake_connection,) = people(1)
    others = User.objects.bulk_create(
        User(username=f"someone-with-a-long-name-{n}") for n in range(members)
    )
    made = private_rooms(rooms, [fake_connection])
    Membership.objects.bulk_create(
        Membership(room=room, user=user) for room in made for user in others
    )
    return made, fake_connection, others


async def test_ready_is_small_whatever_rooms_one_was_put_into() -> None:
    made, fake_connection, others = await _many_rooms(rooms=60, members=150)

    @sync_to_async
    def with_a_friend() -> Room:
        room = Room.objects.create(kind="direct")
        Membership.objects.bulk_create(
            Membership(room=room, user=user) for user in (fake_connection.user, others[0])
        )
        return room

    direct = await with_a_friend()
    hub = Hub()
    await hub.enter(fake_connection)
    ready, *_ = fake_connection.take()
    assert len(json.dumps(ready)) < 110_000  # 280 KB with all the names
    assert ready["limits"] == {
        "body": 20_000,
        "upload": settings.MAX_UPLOAD_MB * 1024 * 1024,
        "attachments": 20,
        "frame": 64 * 1024,
    }
    assert len(ready["rooms"]) == 61 and ready["more"] is False
    told = {room["id"]: room for room in ready["rooms"]}
    assert told[str(direct.pk)]["members"] == ["person0", others[0].username]
    assert sum("members" in room for room in ready["rooms"]) > 10
    assert all(told[str(room.pk)]["member_count"] == 151 for room in made)
    # Who is in such a room is told where it changes, and on demand.
    await hub.feeds[made[-1].pk].tell_changed()
    (event,) = [each for each in fake_connection.take() if each["type"] == "room"]
    assert len(event["room"]["members"]) == 151


async def test_rooms_that_do_not_fit_into_ready_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "ROOMS_LIMIT", 20)
    made, fake_connection, _ = await _many_rooms(rooms=50, members=1)
    hub = Hub()
    await hub.enter(fake_connection)
    await hub.refresh_rooms(fake_connection.user.pk)
    ready, *rest = fake_connection.take()
    events = [event for event in rest if event["type"] == "room"]
    assert len(ready["rooms"]) == 20 and ready["more"] is True
    assert len(events) == 30
    told = [room["id"] for room in ready["rooms"]] + [event["room"]["id"] for event in events]
    assert sorted(told) == sorted(str(room.pk) for room in made)
    assert fake_connection.rooms == {room.pk for room in made}


async def test_further_rooms_wait_for_a_slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "ROOMS_LIMIT", 1)
    made, fake_connection, _ = await _many_rooms(rooms=5, members=1)
    waits, reads = asyncio.Event(), asyncio.Event()

    async def caught_up() -> None:
        waits.set()
        await reads.wait()
        fake_connection.is_late = False

    monkeypatch.setattr(fake_connection, "caught_up", caught_up, raising=False)
    hub = Hub()
    fake_connection.is_late = True
    await hub.enter(fake_connection)
    run = hub.refresh_rooms(fake_connection.user.pk)
    await waits.wait()
    assert len(fake_connection.rooms) == 2
    reads.set()
    await run
    await hub.refresh_rooms(fake_connection.user.pk)
    assert fake_connection.rooms == {room.pk for room in made}
    assert sum(event["type"] == "room" for event in fake_connection.take()) == 4


async def test_the_members_of_rooms_are_read_once_for_all_who_come(statements: list[str]) -> None:
    _, visitors = await _set_up(rooms=10, visitors=20, said=1)
    hub = Hub()
    await hub.enter(visitors[0])
    members = visitors[0].frames[0]["rooms"][0]["members"]
    assert sorted(members) == sorted(fake_connection.user.username for fake_connection in visitors)
    statements.clear()
    for fake_connection in visitors[1:]:
        await hub.enter(fake_connection)
        assert fake_connection.frames[0]["rooms"][0]["members"] == members
    # One for their rooms, and none that names the members of any.
    of_memberships = [each for each in statements if Membership._meta.db_table in each]
    assert len(of_memberships) <= len(visitors)


async def test_many_who_come_are_told_of_each_other_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _rooms, visitors = await _set_up(rooms=20, visitors=30, said=1)
    await sync_to_async(Membership.objects.update)(has_written=True)
    hub = Hub()
    await asyncio.gather(*(hub.enter(fake_connection) for fake_connection in visitors))
    names = {fake_connection.user.username for fake_connection in visitors}

    def online(fake_connection: FakeConnection) -> set[str]:
        told = [each["user"] for each in fake_connection.frames if each["type"] == "presence"]
        assert len(told) <= len(visitors)
        return {*fake_connection.frames[0]["online"], *told}

    for fake_connection in visitors:
        for _ in range(1_000):
            if online(fake_connection) == names - {fake_connection.user.username}:
                break
            await asyncio.sleep(0.01)
        else:
            raise AssertionError(f"{fake_connection.user.username} sees {online(fake_connection)}")
