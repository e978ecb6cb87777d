"""Rooms and who is in them."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.actions import memberships, rooms
from chat.models import Membership, Room
from chat.protocol import ChatError, ErrorCode
from chat.queries import room_views
from tests.chat.conftest import refused, say
from tests.conftest import person


def members(room) -> dict[str, str]:
    rows = Membership.objects.filter(room=room).select_related("user")
    return {row.user.username: row.role for row in rows}


def version(room) -> int:
    return Room.objects.get(pk=room.pk).members_version


def test_opening_a_room_makes_its_opener_the_owner(owner, member):
    room, new = rooms.open_room(owner, kind="private", name="Plans", members=["member"])
    assert new
    assert members(room) == {"owner": "owner", "member": "member"}


def test_a_direct_room_exists_once_whoever_opens_it(owner, member):
    room, new = rooms.open_room(owner, kind="direct", members=["member"])
    again, new_again = rooms.open_room(member, kind="direct", members=["owner"])
    assert (new, new_again) == (True, False)
    assert room.pk == again.pk
    assert set(members(room)) == {"owner", "member"}


@pytest.mark.parametrize("others", [[], ["owner"], ["member", "outsider"]])
def test_a_direct_room_is_with_one_other_person(owner, member, outsider, others):
    refused(ErrorCode.BAD_REQUEST, rooms.open_room, owner, kind="direct", members=others)


def test_a_room_that_is_not_direct_needs_a_name(owner):
    refused(ErrorCode.BAD_REQUEST, rooms.open_room, owner, kind="private", name="")


def test_nobody_who_is_suspended_or_unknown_can_be_added(owner, suspended, private_room):
    for name in ("suspended", "nobody"):
        refused(ErrorCode.NOT_FOUND, rooms.add_members, owner, room=private_room.pk, members=[name])
        refused(ErrorCode.NOT_FOUND, rooms.open_room, owner, kind="direct", members=[name])


@pytest.mark.parametrize("spelt", ["İbrahim", "IBRAHIM", "\uff29brahim"])
def test_people_are_named_however_their_name_is_typed(owner, private_room, spelt):
    person("ibrahim")
    rooms.add_members(owner, room=private_room.pk, members=[spelt])
    rooms.remove_member(owner, room=private_room.pk, member=spelt)
    assert "ibrahim" not in members(private_room)


def test_someone_who_comes_in_has_nothing_unread(owner, outsider, private_room):
    for number in range(3):
        say(owner, private_room, str(number))
    rooms.add_members(owner, room=private_room.pk, members=["outsider"])
    (view,) = room_views.rooms_of(outsider)
    assert (view.room.number, view.room.read) == (3, 3)


def test_adding_someone_again_changes_nothing(owner, member, private_room):
    Membership.objects.filter(user=member).update(role="moderator")
    before = version(private_room)
    rooms.add_members(owner, room=private_room.pk, members=["member"])
    assert members(private_room)["member"] == "moderator"
    assert version(private_room) == before


def test_every_change_of_who_may_read_makes_a_new_version(owner, member, outsider, public_room):
    seen = {version(public_room)}
    rooms.join_room(outsider, room=public_room.pk)
    seen.add(version(public_room))
    rooms.leave_room(outsider, room=public_room.pk)
    seen.add(version(public_room))
    rooms.remove_member(owner, room=public_room.pk, member="member")
    seen.add(version(public_room))
    assert len(seen) == 4


def test_a_private_room_cannot_be_joined(outsider, private_room):
    refused(ErrorCode.NOT_FOUND, rooms.join_room, outsider, room=private_room.pk)


def test_the_last_owner_who_leaves_hands_the_room_on(owner, member, private_room):
    rooms.leave_room(owner, room=private_room.pk)
    assert members(private_room) == {"member": "owner", "suspended": "member"}


def test_a_moderator_inherits_before_an_older_member(owner, member, private_room):
    newer = person("newer")
    rooms.add_members(owner, room=private_room.pk, members=["newer"])
    rooms.set_role(owner, room=private_room.pk, member="newer", role="moderator")
    rooms.leave_room(owner, room=private_room.pk)
    assert members(private_room)["newer"] == "owner"
    assert newer.memberships.get().role == "owner"


def test_the_last_owner_cannot_step_down(owner, private_room):
    refused(
        ErrorCode.CONFLICT,
        rooms.set_role,
        owner,
        room=private_room.pk,
        member="owner",
        role="member",
    )


def test_a_moderator_cannot_remove_an_owner(owner, member, private_room):
    rooms.set_role(owner, room=private_room.pk, member="member", role="moderator")
    refused(ErrorCode.FORBIDDEN, rooms.remove_member, member, room=private_room.pk, member="owner")


def test_a_member_changes_nothing_of_a_room(member, private_room):
    room = private_room.pk
    refused(ErrorCode.FORBIDDEN, rooms.rename_room, member, room=room, name="Ours")
    refused(ErrorCode.FORBIDDEN, rooms.add_members, member, room=room, members=["owner"])
    refused(ErrorCode.FORBIDDEN, rooms.remove_member, member, room=room, member="owner")
    refused(ErrorCode.FORBIDDEN, rooms.set_role, member, room=room, member="owner", role="member")


def test_a_direct_room_is_not_changed_by_anyone(owner, direct_room):
    room = direct_room.pk
    refused(ErrorCode.FORBIDDEN, rooms.rename_room, owner, room=room, name="Ours")
    refused(ErrorCode.FORBIDDEN, rooms.add_members, owner, room=room, members=["member"])
    rooms.leave_room(owner, room=room)
    assert set(members(direct_room)) == {"owner", "member"}


def test_the_mark_of_reading_only_moves_forward_and_never_past_the_newest(
    owner, member, private_room
):
    for number in range(5):
        say(owner, private_room, str(number))
    for asked, expected in ((3, 3), (1, 3), (100, 5)):
        rooms.mark_read(member, room=private_room.pk, number=asked)
        mine = Membership.objects.get(room=private_room, user=member)
        assert mine.read_number == expected


def test_a_closed_room_takes_no_new_members(owner, outsider, public_room):
    rooms.close_room(room=public_room.pk, closed=True)
    refused(ErrorCode.NOT_FOUND, rooms.join_room, outsider, room=public_room.pk)
    refused(
        ErrorCode.FORBIDDEN, rooms.add_members, owner, room=public_room.pk, members=["outsider"]
    )
    rooms.close_room(room=public_room.pk, closed=False)
    rooms.join_room(outsider, room=public_room.pk)
    assert members(public_room)["outsider"] == "member"


# -- Many at once --------------------------------------------------------------------------------


def _queries_of_opening(owner, people: int) -> int:
    names = [person(f"p{people}x{number}").username for number in range(people)]
    with CaptureQueriesContext(connection) as captured:
        room, _ = rooms.open_room(owner, kind="private", name="Many", members=names)
    assert len(members(room)) == people + 1
    return len(captured)


def test_opening_a_room_takes_as_many_queries_for_thirty_people_as_for_two(owner):
    assert _queries_of_opening(owner, 30) == _queries_of_opening(owner, 2)


def test_whoever_is_added_by_two_at_once_is_in_once_and_takes_nobody_with_them(
    owner, member, outsider, administrator, private_room, monkeypatch
):
    Membership.objects.filter(user=member).update(role="moderator")
    before = version(private_room)
    # Another process adds the member after we have looked who is in.
    monkeypatch.setattr(memberships, "present", lambda room, people: set())
    names = ["outsider", "member", "administrator"]
    rooms.add_members(owner, room=private_room.pk, members=names)
    assert members(private_room) == {
        "owner": "owner",
        "member": "moderator",
        "suspended": "member",
        "outsider": "member",
        "administrator": "member",
    }
    assert version(private_room) == before + 1


# -- A day ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _new_day():
    cache.clear()


def test_a_person_opens_so_many_rooms_in_a_day_and_no_more(owner, member, settings):
    settings.ROOMS_PER_DAY = 3
    for number in range(2):
        rooms.open_room(owner, kind="private", name=str(number))
    rooms.open_room(owner, kind="direct", members=["member"])
    detail = refused(ErrorCode.RATE_LIMITED, rooms.open_room, owner, kind="public", name="More")
    assert "3 rooms in a day" in detail
    assert "after midnight" in detail
    # What exists already is not opened, and others have not been counted.
    rooms.open_room(owner, kind="direct", members=["member"])
    rooms.open_room(member, kind="private", name="Mine")
    assert Room.objects.count() == 4


def test_nobody_is_forced_into_254_rooms_by_one_person(owner, member):
    with pytest.raises(ChatError, match="rooms in a day"):
        for number in range(254):
            rooms.open_room(owner, kind="private", name=str(number), members=["member"])
    assert Membership.objects.filter(user=member).count() <= 100


def test_a_person_adds_so_many_people_in_a_day_and_no_more(
    owner, member, outsider, private_room, settings
):
    settings.PEOPLE_ADDED_PER_DAY = 2
    rooms.add_members(owner, room=private_room.pk, members=["member", "outsider"])
    rooms.open_room(owner, kind="private", name="One", members=["member"])
    for members_ in (["member"], ["member", "outsider"]):
        refused(
            ErrorCode.RATE_LIMITED,
            rooms.open_room,
            owner,
            kind="private",
            name="Two",
            members=members_,
        )
    rooms.open_room(owner, kind="private", name="Empty")
    # Those who are in already cost nothing.
    rooms.add_members(owner, room=private_room.pk, members=["member", "outsider"])
    assert Room.objects.count() == 3


def test_what_is_refused_is_not_counted(owner, member, outsider, settings):
    settings.ROOMS_PER_DAY, settings.PEOPLE_ADDED_PER_DAY = 2, 1
    for _ in range(5):
        refused(
            ErrorCode.RATE_LIMITED,
            rooms.open_room,
            owner,
            kind="private",
            name="Both",
            members=["member", "outsider"],
        )
    rooms.open_room(owner, kind="private", name="One", members=["member"])
    rooms.open_room(owner, kind="private", name="Two")
