"""What the sockets of someone hear who is out of a room: from which one, and who did it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from chat.actions import rooms
from chat.models import Membership, Room
from chat.moderation import actions as moderation
from chat.realtime.hub import Hub
from tests.support.fake_connection import FakeConnection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
]

Act = Callable[[User, User, User, Room], Any]


def by_an_owner(owner: User, member: User, moderator: User, room: Room) -> Any:
    rooms.remove_member(owner, room=room.pk, member="member")


def by_a_server_moderator(owner: User, member: User, moderator: User, room: Room) -> Any:
    moderation.remove_member(moderator, room=room.pk, user=member.pk, reason="spam")


def by_themselves(owner: User, member: User, moderator: User, room: Room) -> Any:
    rooms.leave_room(member, room=room.pk)


def without_a_word(owner: User, member: User, moderator: User, room: Room) -> Any:
    """The server only finds that they are out."""
    Membership.objects.filter(room=room, user=member).delete()


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (by_an_owner, {"reason": "removed", "name": "Plans", "by": "owner"}),
        (by_a_server_moderator, {"reason": "removed", "name": "Plans"}),
        (by_themselves, {"reason": "left"}),
        (without_a_word, {"reason": "removed"}),
    ],
)
async def test_who_is_out_is_told_what_is_theirs_to_know(
    act: Act,
    told: dict[str, str],
    owner: User,
    member: User,
    administrator: User,
    private_room: Room,
    settings: Any,
) -> None:
    """Also where the server's moderator is a member of the room: they act as its moderator."""
    settings.HEARTBEAT = 60.0
    await Membership.objects.acreate(room=private_room, user=administrator)
    hub = Hub()
    here = [await enter(hub, member), await enter(hub, member)]
    other = await enter(hub, owner)
    await sync_to_async(act)(owner, member, administrator, private_room)
    if act is without_a_word:
        hub.heartbeat.soon()
    for each in here:
        async with asyncio.timeout(10):
            while private_room.pk in each.rooms:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        heard = [frame for frame in each.frames if frame["type"] == "room.removed"]
        assert heard == [{"type": "room.removed", "room": str(private_room.pk), **told}]
    assert not [frame for frame in other.frames if frame["type"] == "room.removed"]


async def enter(hub: Hub, user: User) -> FakeConnection:
    key = f"session-{user.username}"
    expires = timezone.now() + timedelta(days=1)
    await Session.objects.aget_or_create(session_key=key, defaults={"expire_date": expires})
    here = FakeConnection(user, key)
    await hub.enter(here)
    return here
