"""No query of the product reads a whole table, but for those that are named here."""

import inspect
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.sessions import signed_in
from chat import permissions
from chat.actions import attachments, favorites, messages, rooms
from chat.models import Message
from chat.queries import (
    directory,
    membership_state,
    personal,
    relations,
    room_log,
    room_members,
    room_views,
    unread,
)
from tests import databases
from tests.databases.plans import noted, scan_in

pytestmark = pytest.mark.django_db


def check(found: list) -> None:
    assert found, "nothing was asked"
    problems = [problem for query in found if (problem := scan_in(query))]
    assert not problems, "\n\n".join(problems)


@pytest.fixture
def sent(owner, private_room):
    return [
        messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body=f"{n}")
        for n in range(5)
    ]


READS = {
    "room_for": lambda o, r, m: permissions.room_for(o, r, permissions.Permission.READ),
    "message_for": lambda o, r, m: permissions.message_for(o, m),
    "relations_of": lambda o, r, m: relations.relations_of([o.pk, r]),
    "views_of": lambda o, r, m: room_views.views_of({(o.pk, r)}),
    "strangers_to": lambda o, r, m: relations.strangers_to(o, [r, m]),
    "asked_into": lambda o, r, m: relations.asked_into([r]),
    "apart_from": lambda o, r, m: relations.apart_from(o, [r, m]),
    "senders_for": lambda o, r, m: permissions.senders_for({(o.pk, r)}),
    "rooms_of": lambda o, r, m: room_views.rooms_of(o),
    "rooms_of_each": lambda o, r, m: room_views.rooms_of_each([o.pk]),
    "room_view": lambda o, r, m: room_views.room_view(o, r),
    "find_rooms": lambda o, r, m: directory.find_rooms(o, "pl"),
    "more of find_rooms": lambda o, r, m: directory.find_rooms(
        o, "o", after=directory.find_rooms(o, "")[0][0].id
    ),
    "members_named": lambda o, r, m: room_members.members_named(r, [o.username]),
    "members": lambda o, r, m: room_members.members(o, r, after="", limit=50),
    "newest history": lambda o, r, m: room_log.history(o, r, before=None, after=None, limit=50),
    "older history": lambda o, r, m: room_log.history(o, r, before=4, after=None, limit=50),
    "newer history": lambda o, r, m: room_log.history(o, r, before=None, after=1, limit=50),
    "revisions": lambda o, r, m: room_log.revisions(o, m),
    "heads": lambda o, r, m: room_log.heads([r]),
    "rosters": lambda o, r, m: room_members.rosters([r]),
    "changes": lambda o, r, m: room_log.changes(r, after=1, limit=50),
    "changes_of_many": lambda o, r, m: room_log.changes_of_many({r: (1, 4)}),
    "newest_changes": lambda o, r, m: room_log.newest_changes(r, until=4, limit=50),
    "members_among": lambda o, r, m: room_members.members_among(r, [o.pk]),
    "seen_among": lambda o, r, m: room_views.seen_among(r, [o.pk]),
    "members_version": lambda o, r, m: room_members.members_version(r),
    "members_versions": lambda o, r, m: room_members.members_versions([r]),
    "memberships_of": lambda o, r, m: membership_state.memberships_of([o.pk]),
    "membership_digests": lambda o, r, m: membership_state.membership_digests([o.pk]),
    "read_numbers": lambda o, r, m: membership_state.read_numbers([o.pk]),
    "suspended_among": lambda o, r, m: membership_state.suspended_among([o.pk]),
    "versions_of": lambda o, r, m: personal.versions_of([o.pk]),
    "changes_after": lambda o, r, m: personal.changes_after(o.pk, 1),
    "values_of": lambda o, r, m: personal.values_of([r]),
    "favorites_among": lambda o, r, m: personal.favorites_among([o.pk], r),
    "people": lambda o, r, m: directory.people([o.username]),
    "user_for_session": lambda o, r, m: signed_in.user_for_session("a" * 32),
    "live_sessions": lambda o, r, m: signed_in.live_sessions(["a" * 32]),
    "is_active": lambda o, r, m: permissions.is_active(o),
    "can_read": lambda o, r, m: permissions.can_read(o, r),
    "attachment_for": lambda o, r, m: permissions.attachment_for(
        o, attachments.store_attachment(o, file=SimpleUploadedFile("a.txt", b"a")).pk
    ),
    "end_sessions": lambda o, r, m: signed_in.end_sessions(o),
}


@pytest.mark.parametrize("name", READS)
def test_a_read_goes_by_an_index(name, owner, private_room, public_room, sent):
    with noted() as found:
        READS[name](owner, private_room.pk, sent[2].pk)
    check(found)


WRITES = {
    "send": lambda o, r, m: messages.send_message(
        o, room=r, client_id=uuid.uuid4(), body="@member hi", reply_to=m
    ),
    "edit": lambda o, r, m: messages.edit_message(o, message=m, body="other"),
    "delete": lambda o, r, m: messages.delete_message(o, message=m),
    "react": lambda o, r, m: messages.react_to_message(o, message=m, emoji="👍", on=True),
    "report": lambda o, r, m: messages.report_message(o, message=m, reason="spam"),
    "mark_read": lambda o, r, m: rooms.mark_read(o, room=r, number=3),
    "set_favorite": lambda o, r, m: favorites.set_favorite(o, room=r, on=True),
    "rename": lambda o, r, m: rooms.rename_room(o, room=r, name="Other"),
    "add": lambda o, r, m: rooms.add_members(o, room=r, members=["outsider"]),
    "set_role": lambda o, r, m: rooms.set_role(o, room=r, member="member", role="moderator"),
    "remove": lambda o, r, m: rooms.remove_member(o, room=r, member="member"),
    "leave": lambda o, r, m: rooms.leave_room(o, room=r),
    "open": lambda o, r, m: rooms.open_room(o, kind="direct", members=["member"]),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_goes_by_an_index(name, owner, outsider, private_room, sent):
    with noted() as found:
        WRITES[name](owner, private_room.pk, sent[2].pk)
    check(found)


def test_a_first_message_goes_by_an_index(owner, member):
    room, _ = rooms.open_room(owner, kind="direct", members=["member"])
    with noted() as found:
        room_members.members(owner, room.pk, after="", limit=50)
        room_members.members_named(room.pk, ["member"])
        room_views.room_view(owner, room.pk)
        messages.send_message(owner, room=room.pk, client_id=uuid.uuid4(), body="@member hi")
    check(found)


def test_uploading_goes_by_an_index(owner):
    with noted() as found:
        attachments.store_attachment(owner, file=SimpleUploadedFile("a.txt", b"hello"))
    check(found)


@pytest.mark.skipif(databases.kind() != "sqlite", reason="a small table needs no index elsewhere")
def test_what_is_unread_is_counted_by_the_indexes_that_are_there_for_it(owner, private_room, sent):
    with noted() as found:
        room_views.rooms_of_each([owner.pk])
    (asked,) = (each for each in found if "gone_number" in each.asked)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked.asked}", asked.of)
        plan = " ".join(row[3] for row in cursor.fetchall())
    for index in Message._meta.indexes:
        assert index.name in plan, (index.fields, plan)


def test_finding_people_reads_only_people(owner, member):
    with noted() as found:
        assert [each.username for each in directory.find_people("own")[0]] == ["owner"]
    assert {query.table for query in found} == {"accounts_user"}


ASKED_ELSEWHERE = {
    "cannot_add",
    "cannot_write",
    "change_of",
    "entries",
    "find_people",
    "head_of",
    "member_counts",
    "members_of",
    "not_found",
    "people_of_pair",
    "seen",
    "seen_by_all",
    "shown_to_room",
    "unasked_in",
    "with_heads",
    "with_unasked",
}
"""Parts of the reads above, what asks nothing, and the one search by parts of names."""


@pytest.mark.parametrize(
    "module",
    [
        directory,
        membership_state,
        permissions,
        personal,
        relations,
        room_log,
        room_members,
        room_views,
        unread,
    ],
)
def test_no_read_is_forgotten(module):
    """Writes and the rest are explained in whatever test they happen (``watch``)."""
    known = {name for each in READS.values() for name in each.__code__.co_names}
    public = {
        name
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert public - known - ASKED_ELSEWHERE == set()


def test_a_scan_of_the_product_is_found_in_whatever_test_it_happens(owner, newly_scanned):
    directory.people([owner.username])
    assert newly_scanned() == []
    careless = compile("list(rows)", directory.__file__, "exec")
    exec(careless, {"rows": Message.objects.filter(body="hello")})
    assert len(newly_scanned()) == 1


def test_a_scan_is_found_where_there_is_one(owner, private_room):
    """That the tests above can fail."""
    with noted() as found:
        list(Message.objects.filter(body="hello"))
    assert any(scan_in(query) for query in found)
