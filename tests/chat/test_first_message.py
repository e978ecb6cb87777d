"""What sockets hear of a direct room: who is picked, nothing; with the first message, all of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from chat import broadcast
from chat.actions import messages, rooms
from chat.models import Room
from chat.realtime.hub import Hub
from tests.chat.conftest import say
from tests.support.drafts import draft_of
from tests.support.fake_connection import FakeConnection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
]


@pytest.fixture(autouse=True)
def slow_heartbeat(settings: Any) -> None:
    settings.HEARTBEAT = 60.0


def session(user: User) -> str:
    key = f"session-{user.username}"
    expires = timezone.now() + timedelta(days=1)
    Session.objects.get_or_create(session_key=key, defaults={"expire_date": expires})
    return key


async def enter(hub: Hub, user: User) -> FakeConnection:
    here = FakeConnection(user, await sync_to_async(session)(user))
    await hub.enter(here)
    return here


async def in_time(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@sync_to_async
def pick(user: User, other: User) -> Room:
    return rooms.open_room(user, kind="direct", members=[other.username])[0]


def told(here: FakeConnection, room: Room) -> list[tuple[str, int]]:
    """What this socket was told of a room since it was greeted: types and positions."""
    story = []
    for frame in here.frames[1:]:
        if frame["type"] == "room" and frame["room"]["id"] == str(room.pk):
            story.append(("room", frame["room"]["position"]))
        elif frame["type"] == "message" and frame["room"] == str(room.pk):
            story.append(("message", frame["position"]))
    return story


async def test_the_room_and_its_first_message_reach_all_sockets_of_the_other(
    owner: User, member: User, private_room: Room
) -> None:
    """On two processes, and to a third socket that was not there before the message."""
    first, second = Hub(), Hub()
    starter = await enter(first, owner)
    sockets = [await enter(first, member), await enter(first, member), await enter(second, member)]
    room = await pick(owner, member)
    await in_time(lambda: room.pk in starter.rooms)
    await first.say_typing(starter, room.pk)
    await sync_to_async(say)(owner, private_room, "everyone here hears this")
    await in_time(lambda: all(private_room_heard(each, private_room) for each in sockets))
    for each in sockets:
        assert str(room.pk) not in str(each.frames)
    late = await enter(second, member)
    assert room.pk not in late.rooms

    await sync_to_async(say)(owner, room, "hello")
    for each in (*sockets, late):
        await in_time(lambda each=each: ("message", 1) in told(each, room))
        assert told(each, room) == [("room", 0), ("message", 1)]
    await sync_to_async(say)(owner, room, "and on")
    for each in (starter, *sockets, late):
        await in_time(lambda each=each: told(each, room)[-1] == ("message", 2))
        assert [each for each in told(each, room) if each[0] == "message"] == [
            ("message", 1),
            ("message", 2),
        ]
    assert told(starter, room)[0] == ("room", 0)
    (event, *_) = [f for f in sockets[0].frames if f["type"] == "room"]
    assert (event["room"]["members"], event["room"]["unread"]) == (["owner", "member"], 0)
    after = await enter(second, member)
    (greeted,) = [each for each in after.frames[0]["rooms"] if each["id"] == str(room.pk)]
    assert (greeted["position"], greeted["number"], greeted["unread"]) == (2, 2, 2)
    assert greeted["members"] == ["owner", "member"]


def private_room_heard(here: FakeConnection, room: Room) -> bool:
    return ("message", 1) in told(here, room)


async def test_several_first_messages_in_one_commit_are_told_each(
    owner: User, member: User
) -> None:
    hub = Hub()
    here = await enter(hub, member)
    room = await pick(owner, member)
    drafts = [draft_of(owner, room.pk, str(number)) for number in range(3)]
    await sync_to_async(messages.send_messages)(drafts)
    await in_time(lambda: len(told(here, room)) == 4)
    assert told(here, room) == [("room", 0), *(("message", n) for n in (1, 2, 3))]


async def test_a_first_message_of_which_no_doorbell_rang_is_found(
    owner: User, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub()
    here = await enter(hub, member)
    room = await pick(owner, member)
    monkeypatch.setattr(broadcast, "_send", lambda *messages: None)
    await sync_to_async(say)(owner, room)
    hub.heartbeat.soon()
    await in_time(lambda: told(here, room) == [("room", 0), ("message", 1)])


async def test_a_first_message_that_was_edited_or_deleted_before_it_was_heard(
    owner: User, member: User, outsider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands at a later position, so that there is nothing to be told from the beginning."""
    hub = Hub()
    here = await enter(hub, member)
    edited, deleted = await pick(owner, member), await pick(outsider, member)
    with monkeypatch.context() as patch:
        patch.setattr(broadcast, "_send", lambda *messages: None)
        first = await sync_to_async(say)(owner, edited)
        await sync_to_async(messages.edit_message)(owner, message=first.pk, body="other")
        gone = await sync_to_async(say)(outsider, deleted)
        await sync_to_async(messages.delete_message)(outsider, message=gone.pk)
    hub.heartbeat.soon()
    await in_time(lambda: {edited.pk, deleted.pk} <= here.rooms)
    assert told(here, edited) == told(here, deleted) == [("room", 2)]
    unread = {f["room"]["id"]: f["room"]["unread"] for f in here.frames if f["type"] == "room"}
    assert unread == {str(edited.pk): 1, str(deleted.pk): 0}


async def test_whoever_picks_the_starter_meanwhile_has_the_room_once(
    owner: User, member: User
) -> None:
    hub = Hub()
    here, starter = await enter(hub, member), await enter(hub, owner)
    room = await pick(owner, member)
    await pick(member, owner)
    await in_time(lambda: room.pk in here.rooms and room.pk in starter.rooms)
    await sync_to_async(say)(owner, room)
    for each in (here, starter):
        await in_time(lambda each=each: ("message", 1) in told(each, room))
        assert [each for each in told(each, room) if each[0] == "message"] == [("message", 1)]
        assert told(each, room)[0] == ("room", 0)
