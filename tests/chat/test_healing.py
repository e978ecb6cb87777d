"""What could not be read is read again: nobody has to reconnect to see what everyone sees."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from chat import broadcast
from chat.actions import blocks, history, people, rooms
from chat.message_log import listeners
from chat.message_log.entry import LogEntry
from chat.models import Membership, Room
from chat.queries import membership_state, room_log, room_members, room_views
from chat.realtime.hub import Hub
from tests.chat.conftest import say
from tests.support.fake_connection import FakeConnection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
]

ALWAYS = 1_000_000
WITHIN = 20.0
"""Seconds in which everybody is right again; the next heartbeat by itself would be 60 away.

Idle, it takes one or two; a busy machine has the rest.
"""


@pytest.fixture(autouse=True)
def slow_heartbeat(settings: Any) -> None:
    settings.HEARTBEAT = 60.0


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], int]]:
    """Has a read fail as often as asked, as when the database is away; the result tells how often
    it has."""

    def fail(where: Any, name: str, times: float) -> Callable[[], int]:
        work = getattr(where, name)
        failed = 0

        def read(*args: Any, **kwargs: Any) -> Any:
            nonlocal failed
            if failed < times:
                failed += 1
                raise OperationalError("the database is away")
            return work(*args, **kwargs)

        monkeypatch.setattr(where, name, read)
        return lambda: failed

    return fail


def fake_connection(user: User) -> FakeConnection:
    key = f"session-{user.username}"
    expires = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create([Session(session_key=key, expire_date=expires)])
    return FakeConnection(user, key)


async def in_time(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def let_in(user: User) -> Room:
    """Makes someone a member of a new room, of which no doorbell rings, as when it was lost."""
    room = await Room.objects.acreate(kind="private", name="New")
    await Membership.objects.acreate(room=room, user=user)
    return room


def heard(here: FakeConnection, kind: str) -> list[dict[str, Any]]:
    return [frame for frame in here.frames if frame["type"] == kind]


LOOKED_UP = [
    (membership_state, "memberships_of"),
    (room_views, "views_of"),
    (room_members, "rosters"),
    (room_log, "heads"),
]
"""What is read to find out of which room somebody has become a member."""


@pytest.mark.parametrize(("where", "name"), LOOKED_UP, ids=[name for _, name in LOOKED_UP])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_new_room_is_seen_though_a_read_failed(
    where: Any, name: str, times: int, failing: Any, member: User
) -> None:
    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    has_failed = failing(where, name, times)
    room = await let_in(member)
    hub.refresh_rooms(member.pk)
    await in_time(lambda: room.pk in here.rooms)
    assert has_failed() == times


async def test_who_comes_while_rooms_are_looked_up_keeps_theirs(
    monkeypatch: pytest.MonkeyPatch, member: User
) -> None:
    first = await sync_to_async(fake_connection)(member)
    second = FakeConnection(member, first.session_key)
    hub = Hub()
    await hub.enter(first)
    was_read, may_go_on, look_up = asyncio.Event(), asyncio.Event(), hub._new_to

    async def look_up_later(user: uuid.UUID, found: set[uuid.UUID]) -> Any:
        was_read.set()
        await may_go_on.wait()
        return await look_up(user, found)

    monkeypatch.setattr(hub, "_new_to", look_up_later)
    hub.refresh_rooms(member.pk)
    await was_read.wait()
    room = await let_in(member)
    await hub.enter(second)
    may_go_on.set()
    await in_time(lambda: room.pk in first.rooms)
    assert room.pk in second.rooms
    assert not heard(second, "room.removed")


async def test_a_new_name_is_seen_though_a_read_failed(
    failing: Any, owner: User, member: User, private_room: Room
) -> None:
    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    has_failed = failing(room_views, "seen_among", 2)
    await sync_to_async(rooms.rename_room)(owner, room=private_room.pk, name="Better")
    await in_time(lambda: [f["room"]["name"] for f in heard(here, "room")] == ["Better"])
    assert has_failed() == 2


async def test_messages_are_seen_though_the_log_could_not_be_read(
    failing: Any, monkeypatch: pytest.MonkeyPatch, owner: User, member: User, private_room: Room
) -> None:
    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    monkeypatch.setattr(listeners, "notify_on_commit", lambda rooms: None)
    for body in ("one", "two"):
        sent = await sync_to_async(say)(owner, private_room, body)
    has_failed = failing(room_log, "changes", 2)
    feed = hub.feeds[private_room.pk]
    # The doorbell of the first was lost.
    feed.hear(feed.members_version, [LogEntry(2, 2, str(sent.pk), "{}")])
    await in_time(lambda: [f["position"] for f in heard(here, "message")] == [1, 2])
    assert has_failed() == 2


async def test_a_block_is_told_though_a_read_failed(
    failing: Any, owner: User, member: User, direct_room: Room
) -> None:
    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    has_failed = failing(room_views, "rooms_of_each", 2)
    await sync_to_async(blocks.block_person)(member, username="owner")
    await in_time(lambda: [f["usernames"] for f in heard(here, "blocked")] == [["owner"]])
    assert has_failed() == 2


async def test_a_new_room_is_told_though_a_block_was_looked_up_first(member: User) -> None:
    """Both look at all of someone's rooms, and only one of them tells of new ones."""
    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    room = await let_in(member)
    await hub.refresh_relations(member.pk)
    hub.heartbeat.soon()
    await in_time(lambda: room.pk in here.rooms)


async def test_whoever_is_back_before_the_word_of_their_going_stays(
    owner: User, member: User, private_room: Room
) -> None:
    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    room = private_room.pk
    event = {"type": "user.event", "user": member.pk.hex, "removed": room.hex, "reason": "left"}
    await get_channel_layer().group_send(broadcast.user_group(member.pk), event)
    await in_time(lambda: room not in here.rooms)
    hub.heartbeat.soon()
    await in_time(lambda: room in here.rooms)


async def test_what_was_read_on_another_device_is_told_though_no_doorbell_rang(
    owner: User, member: User, private_room: Room
) -> None:
    first, second = await sync_to_async(fake_connection)(member), None
    await sync_to_async(say)(owner, private_room)
    hub = Hub()
    await hub.enter(first)
    mine = Membership.objects.filter(room=private_room, user=member)
    await mine.aupdate(read_number=1)
    second = FakeConnection(member, first.session_key)
    await hub.enter(second)  # who knows it from the beginning
    hub.heartbeat.soon()
    await in_time(lambda: [f["number"] for f in heard(first, "read")] == [1])
    first.take()
    await sync_to_async(say)(owner, private_room)
    await hub.mark_read(first, private_room.pk, 2)
    await in_time(lambda: [f["number"] for f in heard(first, "read")] == [2])
    hub.heartbeat.soon()
    await asyncio.sleep(3)
    assert len(heard(first, "read")) == 1  # what was heard is not told again


@pytest.mark.parametrize("change", ["name", "role", "closed"])
async def test_how_a_room_looks_is_told_though_no_doorbell_rang(
    change: str, monkeypatch: pytest.MonkeyPatch, owner: User, member: User, private_room: Room
) -> None:
    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    monkeypatch.setattr(broadcast, "room_changed_on_commit", lambda room: None)
    room = private_room.pk
    if change == "name":
        await sync_to_async(rooms.rename_room)(owner, room=room, name="Better")
    elif change == "role":
        await sync_to_async(rooms.set_role)(owner, room=room, member="member", role="moderator")
    else:
        await sync_to_async(rooms.close_room)(room=room, closed=True)
    hub.heartbeat.soon()
    seen = {"name": "Better", "role": "moderator", "closed": True}
    await in_time(lambda: [f["room"][change] for f in heard(here, "room")] == [seen[change]])


@pytest.mark.parametrize("name", ["heads", "refusals", "rosters"])
async def test_a_check_that_fails_keeps_no_other_from_its_turn(
    name: str, failing: Any, member: User, private_room: Room
) -> None:
    from chat.realtime import admissions

    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    await hub.enter(here)
    hub.feeds[private_room.pk].has_healed = True
    where = {"heads": room_log, "refusals": admissions, "rosters": room_members}[name]
    failing(where, name, ALWAYS if name == "refusals" else 1)
    room = await let_in(member)
    hub.heartbeat.soon()
    await in_time(lambda: room.pk in here.rooms)


async def test_an_epoch_that_was_read_before_the_restore_sends_nobody_away(
    member: User, private_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat found the new one while somebody's admission was on its way."""
    from chat.realtime import admissions

    here = await sync_to_async(fake_connection)(member)
    hub = Hub()
    decided = admissions.decided

    def overtaken(asked: Any) -> Any:
        found = decided(asked)
        if hub.epoch is None:
            hub.epoch = history.begin_epoch()
        return found

    monkeypatch.setattr(admissions, "decided", overtaken)
    await hub.enter(here)
    begun = hub.epoch
    assert begun == await sync_to_async(history.epoch)()
    assert [frame["epoch"] for frame in heard(here, "ready")] == [str(begun)]
    assert here.socket.is_open


async def test_whoever_was_removed_hears_nothing_that_is_no_message_either(
    owner: User, member: User, private_room: Room
) -> None:
    """The doorbell of the removal was lost; whoever typed, read or changed their name has heard
    of it."""
    staying, removed = [await sync_to_async(fake_connection)(each) for each in (owner, member)]
    hub = Hub()
    for each in (staying, removed):
        await hub.enter(each)
    await Membership.objects.filter(room=private_room, user=member).adelete()
    await Room.objects.filter(pk=private_room.pk).aupdate(members_version=F("members_version") + 1)
    await private_room.arefresh_from_db()
    version = private_room.members_version
    removed.take()
    # The process of whoever types has not heard of it either.
    assert hub.feeds[private_room.pk].members_version < version
    await hub.say_typing(staying, private_room.pk)
    await in_time(lambda: bool(heard(staying, "typing")))
    await sync_to_async(rooms.mark_read)(owner, room=private_room.pk, number=0)
    await sync_to_async(people.update_profile)(owner, display_name="New name")
    await in_time(lambda: bool(heard(staying, "person")))
    assert [frame["type"] for frame in removed.take()] == ["room.removed"]
    assert removed.rooms == set()


def test_what_is_joined_in_a_doorbell_are_messages_only() -> None:
    room = uuid.uuid4()
    said: dict[str, Any] = {
        "type": "room.event",
        "members_version": 1,
        "entries": [(1, 1, "a", "{}")],
    }
    typed = {"type": "room.event", "room": room.hex, "members_version": 1, "typing": "{}"}
    assert broadcast._join(said, typed) is None
    assert broadcast._join(typed, said) is None
