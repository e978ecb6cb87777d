"""How much of a room is unread: everything after the mark that somebody else has said and left."""

import importlib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from chat.actions import messages, rooms
from chat.models import Message, Room
from chat.queries import room_views
from chat.realtime.hub import Hub
from tests.chat.conftest import say
from tests.databases.plans import noted, scan_in
from tests.support.fake_connection import FakeConnection

pytestmark = pytest.mark.django_db


def unread(user, room) -> int:
    """As everything says it: the list of rooms, a socket's first frame, a room by itself."""
    (listed,) = [view.room.unread for view in room_views.rooms_of(user) if view.room.id == room.pk]
    assert room_views.room_view(user, room.pk).unread == listed
    assert room_views.seen_among(room.pk, [user.pk])[1][user.pk].unread == listed
    view = room_views.views_of({(user.pk, room.pk)})[user.pk, room.pk]
    assert view is not None
    head = room_views.room_view(user, room.pk)
    assert view.at(head.position, head.number).unread == listed
    return listed


def test_what_others_said_is_unread_unless_it_is_gone(owner, member, private_room):
    assert unread(owner, private_room) == 0
    sent = [say(member, private_room) for _ in range(5)]
    mine = say(owner, private_room)
    assert unread(owner, private_room) == 5
    messages.delete_message(member, message=sent[0].pk)
    assert unread(owner, private_room) == 4
    messages.hide_message(message=sent[1].pk, hidden=True)
    assert unread(owner, private_room) == 3
    messages.hide_message(message=sent[1].pk, hidden=False)
    assert unread(owner, private_room) == 4
    # One that is hidden and deleted is gone once, and stays so when it is shown again.
    messages.hide_message(message=sent[0].pk, hidden=True)
    messages.hide_message(message=sent[0].pk, hidden=False)
    assert unread(owner, private_room) == 4
    messages.delete_message(owner, message=mine.pk)
    assert unread(owner, private_room) == 4
    messages.react_to_message(member, message=sent[2].pk, emoji="👍", on=True)
    messages.edit_message(member, message=sent[2].pk, body="else")
    assert unread(owner, private_room) == 4
    rooms.mark_read(owner, room=private_room.pk, number=sent[2].number)
    assert unread(owner, private_room) == 2
    rooms.mark_read(owner, room=private_room.pk, number=mine.number)
    assert unread(owner, private_room) == 0


def test_who_is_no_member_has_nothing_unread(outsider, owner, public_room):
    say(owner, public_room)
    assert room_views.room_view(outsider, public_room.pk).unread == 0


def test_the_count_costs_one_query_for_all_rooms(owner, member):
    for number in range(20):
        room, _ = rooms.open_room(owner, kind="private", name=f"Room {number}", members=["member"])
        say(member, room)
    with noted() as found:
        views, _ = room_views.rooms_of_each([owner.pk])[owner.pk]
        by_index = [scan_in(query) for query in found]
    assert len(views) == 20
    assert sum(view.at(1, 1).unread for view in views) == 20
    assert len(found) <= 2  # the rooms with their counts, and who has been asked into them
    assert not any(by_index)


def test_what_was_gone_before_the_upgrade_is_not_unread_after_it(owner, member, private_room):
    sent = [say(member, private_room) for _ in range(4)]
    messages.delete_message(member, message=sent[0].pk)
    messages.hide_message(message=sent[1].pk, hidden=True)
    Message.objects.update(gone_number=None)
    migration = importlib.import_module("chat.migrations.0013_message_gone_number")
    for _ in range(2):  # a start that was killed begins again
        migration.note_gone(apps, SimpleNamespace(connection=connection))
    assert unread(owner, private_room) == 2
    assert Message.objects.filter(gone_number=None).count() == 2


def test_servers_of_the_version_before_store_messages_without_it(owner, member, private_room):
    """They say nothing of the new field: null is a message that is there."""
    sent = say(member, private_room)
    Message.objects.filter(pk=sent.pk).update(gone_number=None)
    assert unread(owner, private_room) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("connections_closed")
async def test_a_socket_is_told_of_its_own_rooms_where_it_stands_in_them(
    owner, member, private_room, public_room
):
    until = timezone.now() + timedelta(days=1)
    await Session.objects.acreate(session_key="mine", expire_date=until)
    sent = [await sync_to_async(say)(member, private_room) for _ in range(4)]
    hub, fake_connection = Hub(), FakeConnection(owner, "mine")
    await hub.enter(fake_connection)
    (ready,) = [frame for frame in fake_connection.take() if frame["type"] == "ready"]
    assert {room["id"]: room["unread"] for room in ready["rooms"]}[str(private_room.pk)] == 4
    await sync_to_async(messages.delete_message)(member, message=sent[0].pk)
    foreign = await sync_to_async(Room.objects.create)(kind="private", name="Foreign")
    # A mark that waits to be stored is a part of the answer.
    mark = await hub.mark_read(fake_connection, private_room.pk, 2)
    asked = [private_room.pk, foreign.pk, private_room.pk]
    found = await hub.unread(fake_connection, asked)
    await mark
    assert set(found) == {private_room.pk}
    assert (found[private_room.pk].read, found[private_room.pk].unread) == (2, 2)
