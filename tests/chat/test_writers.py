"""Who has written in a room: noted with their first message there, without a query for others."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions import messages, rooms
from chat.message_log import listeners
from chat.message_log.entry import RoomChanges
from chat.models import Membership, Room
from tests.chat.conftest import say
from tests.conftest import person
from tests.support.drafts import draft_of

pytestmark = pytest.mark.django_db(transaction=True)


def writers(room: Room) -> set[str]:
    rows = Membership.objects.filter(room=room, has_written=True)
    return set(rows.values_list("user__username", flat=True))


def test_the_first_message_of_a_member_notes_that_they_have_written(
    owner: User, member: User, private_room: Room, public_room: Room
) -> None:
    assert writers(private_room) == set()
    say(owner, private_room)
    assert writers(private_room) == {"owner"}
    say(member, private_room)
    assert writers(private_room) == {"owner", "member"}
    assert writers(public_room) == set()


def test_only_the_first_message_costs_a_write_more(owner: User, private_room: Room) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            say(owner, private_room)
        return len([each for each in captured if "chat_membership" in each["sql"]])

    say(owner, private_room)
    Membership.objects.update(has_written=None)
    first, later, again = asked(), asked(), asked()
    assert later == again
    assert first == later + (connection.vendor != "mongodb") or connection.vendor == "mongodb"


def test_those_who_write_for_the_first_time_are_named_once(
    owner: User, member: User, private_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[RoomChanges] = []
    monkeypatch.setattr(listeners, "notify_on_commit", told.extend)
    drafts = [draft_of(user, private_room.pk, "hello") for user in (owner, member, owner)]
    messages.send_messages(drafts)
    messages.send_messages([draft_of(owner, private_room.pk, "again")])
    assert [dict(each.writers) for each in told] == [
        {owner.pk: "owner", member.pk: "member"},
        {},
    ]


def test_one_who_is_refused_has_not_written(owner: User, private_room: Room) -> None:
    (refused,) = messages.send_messages([draft_of(owner, private_room.pk, "")])
    assert isinstance(refused, Exception)
    assert writers(private_room) == set()


def test_whoever_comes_back_has_not_written_yet(owner: User, private_room: Room) -> None:
    rooms.add_members(owner, room=private_room.pk, members=[person("late").username])
    say(User.objects.get(username="late"), private_room)
    rooms.remove_member(owner, room=private_room.pk, member="late")
    rooms.add_members(owner, room=private_room.pk, members=["late"])
    assert writers(private_room) == set()


def test_the_migration_notes_who_has_written_already(
    owner: User, member: User, private_room: Room, public_room: Room
) -> None:
    for room, users in ((private_room, (owner, member, owner)), (public_room, (member,))):
        for user in users:
            say(user, room)
    Membership.objects.update(has_written=None)
    migration = importlib.import_module("chat.migrations.0007_membership_has_written")
    with CaptureQueriesContext(connection) as captured:
        migration.note_writers(apps, SimpleNamespace(connection=connection))
    assert len(captured) <= 2 * Room.objects.count() + 2
    assert writers(private_room) == {"owner", "member"}
    assert writers(public_room) == {"member"}
