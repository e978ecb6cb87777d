"""How far people have read: gathered, stored together, and never lost but with the process."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from chat.actions import messages
from chat.models import Membership, Room
from chat.realtime import read_marks
from chat.realtime.hub import Hub
from chat.runtime import Runtime
from tests.support.drafts import draft_of
from tests.support.fake_connection import FakeConnection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
]


@sync_to_async
def _made(readers: int, said: int, kind: str = "private") -> tuple[Room, list[FakeConnection]]:
    """A room with these people, of whom the first has said something."""
    users = User.objects.bulk_create(User(username=f"reader{n}") for n in range(readers))
    until = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create(
        Session(session_key=f"session{user.username}", expire_date=until) for user in users
    )
    room = Room.objects.create(kind=kind, name="Room")
    Membership.objects.bulk_create(Membership(room=room, user=user) for user in users)
    _say(users[0], room, said)
    return room, [FakeConnection(user, f"session{user.username}") for user in users]


def _say(sender: User, room: Room, count: int) -> None:
    messages.send_messages([draft_of(sender, room.pk, f"{n}") for n in range(count)])


@sync_to_async
def _marks(room: Room) -> dict[str, int]:
    rows = Membership.objects.filter(room=room)
    return dict(rows.values_list("user__username", "read_number"))


async def _mark(hub: Hub, fake_connection: FakeConnection, room: Room, number: int) -> None:
    await (await hub.mark_read(fake_connection, room.pk, number))


async def _heard(
    fake_connection: FakeConnection, count: int, last: tuple[str, int] | None = None
) -> list[tuple[str, int]]:
    """The marks that this one has been told of, once there are so many, and this one too."""
    async with asyncio.timeout(5):
        while True:
            told = [
                (frame["user"], frame["number"])
                for frame in fake_connection.frames
                if frame["type"] == "read"
            ]
            if len(told) >= count and (last is None or last in told):
                return told
            await asyncio.sleep(0.01)


async def test_two_hundred_who_read_a_message_cost_a_few_statements(
    statements: list[str],
) -> None:
    room, visitors = await _made(readers=200, said=3)
    hub = Hub()
    await asyncio.gather(*(hub.enter(fake_connection) for fake_connection in visitors))
    statements.clear()
    await asyncio.gather(*(_mark(hub, fake_connection, room, 2) for fake_connection in visitors))
    await asyncio.gather(*(_mark(hub, fake_connection, room, 3) for fake_connection in visitors))
    # For each of the two: a query and an update, and where its transaction begins and ends.
    assert len([each for each in statements if "chat_membership" in each]) <= 4
    assert len(statements) <= 8
    assert set((await _marks(room)).values()) == {3}
    # In a room of this size each one's own devices hear of it, and nobody else.
    for fake_connection in visitors:
        mine = fake_connection.user.username
        assert await _heard(fake_connection, 2) == [(mine, 2), (mine, 3)]


async def test_in_a_small_room_everyone_hears_of_the_latest_mark_of_each() -> None:
    room, (one, other) = await _made(readers=2, said=5)
    hub = Hub()
    await hub.enter(one)
    await hub.enter(other)
    await asyncio.gather(*(_mark(hub, one, room, number) for number in (2, 4, 3)))
    assert await _heard(other, 1) == await _heard(one, 1) == [("reader0", 4)]


async def test_a_mark_goes_never_back_nor_past_the_newest() -> None:
    room, (fake_connection,) = await _made(readers=1, said=5)
    hub = Hub()
    await hub.enter(fake_connection)
    for asked, expected in ((3, 3), (1, 3), (100, 5), (2**62, 5), (4, 5)):
        await _mark(hub, fake_connection, room, asked)
        assert await _marks(room) == {"reader0": expected}
    assert await _heard(fake_connection, 2) == [("reader0", 3), ("reader0", 5)]


async def test_what_the_process_has_not_heard_of_can_be_read_too() -> None:
    room, (fake_connection,) = await _made(readers=1, said=1)
    hub = Hub()
    await hub.enter(fake_connection)
    hub.feeds[room.pk].hear = lambda *args: None  # type: ignore[method-assign]
    await sync_to_async(_say)(fake_connection.user, room, 1)
    await _mark(hub, fake_connection, room, 2)
    assert await _marks(room) == {"reader0": 2}


async def test_two_processes_agree_on_the_furthest_mark() -> None:
    room, (fake_connection,) = await _made(readers=1, said=50)
    here, there = Hub(), Hub()
    phone, laptop = (
        FakeConnection(fake_connection.user, fake_connection.session_key),
        fake_connection,
    )
    await here.enter(phone)
    await there.enter(laptop)
    numbers = list(range(1, 51))
    await asyncio.gather(
        *(_mark(here, phone, room, number) for number in numbers[::2]),
        *(_mark(there, laptop, room, number) for number in numbers[1::2]),
        *(_mark(here, phone, room, number) for number in numbers[:40]),
    )
    assert await _marks(room) == {"reader0": 50}
    for device in (phone, laptop):
        await _heard(device, 1, last=("reader0", 50))


async def test_who_comes_at_once_finds_what_they_have_just_read() -> None:
    room, (fake_connection,) = await _made(readers=1, said=5)
    hub = Hub()
    await hub.enter(fake_connection)
    marked = await hub.mark_read(fake_connection, room.pk, 4)
    hub.leave(fake_connection)
    again = FakeConnection(fake_connection.user, fake_connection.session_key)
    await hub.enter(again)
    assert again.frames[0]["rooms"][0]["read"] == 4
    await marked


async def test_who_left_meanwhile_has_no_mark_and_nobody_hears_of_one() -> None:
    room, (fake_connection, other) = await _made(readers=2, said=5)
    hub = Hub()
    await hub.enter(fake_connection)
    await hub.enter(other)
    await sync_to_async(Membership.objects.filter(user=fake_connection.user).delete)()
    await _mark(hub, fake_connection, room, 4)
    await _mark(hub, other, room, 4)
    assert await _marks(room) == {"reader1": 4}
    assert await _heard(other, 1) == [("reader1", 4)]


async def test_a_message_waits_for_a_bounded_number_of_marks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_marks, "BATCH", 20)
    batches: list[int] = []
    monkeypatch.setattr(read_marks, "move_read_marks", lambda marks: batches.append(len(marks)))
    marks = read_marks.ReadMarks()
    room = uuid.uuid4()
    await asyncio.gather(*(marks.move(room, uuid.uuid4(), 1) for _ in range(50)))
    assert batches == [20, 20, 10]


async def test_a_database_that_fails_is_told_and_does_not_stop_later_marks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room, (fake_connection,) = await _made(readers=1, said=5)
    hub = Hub()
    await hub.enter(fake_connection)

    def fails(marks: Any) -> None:
        raise DatabaseError("gone")

    with monkeypatch.context() as gone:
        gone.setattr(read_marks, "move_read_marks", fails)
        with pytest.raises(DatabaseError):
            await _mark(hub, fake_connection, room, 2)
    await _mark(hub, fake_connection, room, 3)
    assert await _marks(room) == {"reader0": 3}


async def test_what_waits_is_stored_when_the_server_stops(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_marks, "GATHER_FIRST", 60.0)
    room, (fake_connection,) = await _made(readers=1, said=5)
    hub = runtime.hub
    await hub.enter(fake_connection)
    await hub.mark_read(fake_connection, room.pk, 2)
    hub.leave(fake_connection)
    await runtime.stop()
    assert await _marks(room) == {"reader0": 2}
