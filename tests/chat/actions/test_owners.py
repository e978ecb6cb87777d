"""No room stays without somebody who can look after it."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.profile.allowed_names import isolated
from chat import protocol
from chat.actions import memberships, rooms
from chat.commands import rooms as room_commands
from chat.models import AuditEntry, Membership, Room
from chat.moderation import actions as moderation
from chat.protocol import ErrorCode
from tests.chat.conftest import refused
from tests.conftest import person


def role(room: Room, user: User) -> str:
    return Membership.objects.get(room=room, user=user).role


def deserted(room: Room) -> None:
    """As versions before left rooms whose only owner was suspended."""
    owners = Membership.objects.filter(room=room, role="owner").values_list("user_id", flat=True)
    User.objects.filter(pk__in=list(owners)).update(is_active=False)


def version(room: Room) -> int:
    """It grows whenever everyone in the room is told of it again."""
    return Room.objects.get(pk=room.pk).members_version


@pytest.mark.parametrize("kind", ["private_room", "public_room"])
@pytest.mark.parametrize("how", ["decided", "deactivated"])
def test_the_only_owner_who_is_suspended_hands_the_room_on(
    kind: str,
    how: str,
    administrator: User,
    owner: User,
    member: User,
    request: pytest.FixtureRequest,
) -> None:
    room = request.getfixturevalue(kind)
    rooms.add_members(owner, room=room.pk, members=[person("newer").username])
    before = version(room)
    if how == "decided":
        moderation.suspend_user(administrator, user=owner.pk, reason="spam")
    else:
        owner.is_active = False
        owner.save()
    assert role(room, member) == "owner"
    assert version(room) == before + 1
    rooms.rename_room(member, room=room.pk, name="Ours now")


def test_a_room_with_another_owner_stays_as_it_is(
    administrator: User, owner: User, member: User, outsider: User, private_room: Room
) -> None:
    rooms.add_members(owner, room=private_room.pk, members=["outsider"])
    rooms.set_role(owner, room=private_room.pk, member="outsider", role="owner")
    moderation.suspend_user(administrator, user=owner.pk, reason="spam")
    assert role(private_room, member) == "member"
    moderation.suspend_user(administrator, user=outsider.pk, reason="spam")
    assert role(private_room, member) == "owner"


def test_nobody_who_is_suspended_inherits(
    owner: User, suspended: User, outsider: User, private_room: Room
) -> None:
    Membership.objects.filter(user=suspended).update(role="moderator")
    rooms.remove_member(owner, room=private_room.pk, member="member")
    rooms.add_members(owner, room=private_room.pk, members=["outsider"])
    rooms.leave_room(owner, room=private_room.pk)
    assert role(private_room, outsider) == "owner"
    assert role(private_room, suspended) == "moderator"


def test_of_those_who_came_at_the_same_time_always_the_same_inherits(
    owner: User, private_room: Room
) -> None:
    people = [person(f"twin{number}") for number in range(5)]
    Membership.objects.filter(room=private_room).exclude(user=owner).delete()
    rooms.add_members(owner, room=private_room.pk, members=[each.username for each in people])
    rows = Membership.objects.filter(room=private_room)
    rows.update(joined_at=private_room.created_at)
    first = rows.exclude(user=owner).order_by("pk").first()
    rooms.leave_room(owner, room=private_room.pk)
    assert rows.get(role="owner") == first


def test_a_suspended_owner_does_not_count_where_the_last_one_steps_down_or_leaves(
    owner: User, member: User, suspended: User, private_room: Room
) -> None:
    Membership.objects.filter(user=suspended).update(role="owner")
    refused(
        ErrorCode.CONFLICT,
        rooms.set_role,
        owner,
        room=private_room.pk,
        member="owner",
        role="member",
    )
    rooms.leave_room(owner, room=private_room.pk)
    assert role(private_room, member) == "owner"


# -- Hundreds of rooms -------------------------------------------------------------------------


def owned(owner: User, heir: User, count: int) -> list[Room]:
    """So many rooms with two members, the first of whom owns them."""
    found = Room.objects.bulk_create(
        [Room(kind="private", name=f"Room {number}") for number in range(count)]
    )
    for user, role in ((owner, "owner"), (heir, "member")):
        Membership.objects.bulk_create([Membership(room=r, user=user, role=role) for r in found])
    return found


def handed_on(found: list[Room], heir: User) -> int:
    return Membership.objects.filter(room__in=found, user=heir, role="owner").count()


def test_many_rooms_are_handed_on_with_the_queries_of_one(
    owner: User, member: User, statements: list[str]
) -> None:
    def asked(count: int) -> int:
        found = owned(owner, member, count)
        User.objects.filter(pk=owner.pk).update(is_active=False)
        statements.clear()
        memberships.hand_rooms_on(owner.pk)
        taken = len(statements)
        assert handed_on(found, member) == count
        assert set(Room.objects.values_list("members_version", flat=True)) == {1}
        Room.objects.all().delete()
        return taken

    assert asked(1) == asked(memberships.HANDED_ON_AT_ONCE) <= 8


def test_those_of_who_owns_hundreds_follow_after_the_suspension(
    administrator: User,
    owner: User,
    member: User,
    django_capture_on_commit_callbacks: Any,
    statements: list[str],
) -> None:
    at_once = memberships.HANDED_ON_AT_ONCE
    found = owned(owner, member, 3 * at_once + 1)
    with django_capture_on_commit_callbacks() as callbacks:
        moderation.suspend_user(administrator, user=owner.pk, reason="spam")
    # MongoDB has no transaction whose end could be waited for.
    together = len(found) if connection.vendor == "mongodb" else at_once
    assert handed_on(found, member) == together
    statements.clear()
    for callback in callbacks:
        callback()
    assert handed_on(found, member) == len(found)
    assert len(statements) <= 3 * 8


def test_who_shares_a_room_with_others_leaves_it_to_them(
    administrator: User, owner: User, member: User, outsider: User
) -> None:
    """Among many rooms, each gets the owner that it would get by itself."""
    alone, shared, moderated, empty = owned(owner, member, 4)
    Membership.objects.create(room=shared, user=outsider, role="owner")
    Membership.objects.create(room=moderated, user=outsider, role="moderator")
    Membership.objects.filter(room=empty, user=member).delete()
    moderation.suspend_user(administrator, user=owner.pk, reason="spam")
    assert role(alone, member) == "owner"
    assert (role(shared, member), version(shared)) == ("member", 0)
    assert (role(moderated, member), role(moderated, outsider)) == ("member", "owner")
    assert version(empty) == 0


# -- Rooms that have lost theirs ---------------------------------------------------------------


def test_a_member_can_act_in_a_room_that_nobody_looked_after(
    owner: User, member: User, private_room: Room
) -> None:
    deserted(private_room)
    rooms.rename_room(member, room=private_room.pk, name="Ours now")
    assert role(private_room, member) == "owner"


def test_outsiders_move_nothing_by_trying(
    owner: User, member: User, outsider: User, private_room: Room
) -> None:
    deserted(private_room)
    refused(ErrorCode.NOT_FOUND, rooms.rename_room, outsider, room=private_room.pk, name="Mine")
    assert role(private_room, member) == "member"


def test_whoever_looks_at_the_members_finds_an_owner(
    owner: User, member: User, private_room: Room
) -> None:
    deserted(private_room)
    before = version(private_room)
    command = protocol.RoomMembers(type="room.members", room=private_room.pk)
    answer = room_commands.members(member, command)
    roles = {each.username: each.role for each in answer.members}
    assert roles["member"] == "owner"
    assert version(private_room) == before + 1


def test_whoever_joins_an_empty_room_owns_it(outsider: User, public_room: Room) -> None:
    Membership.objects.filter(room=public_room).delete()
    rooms.join_room(outsider, room=public_room.pk)
    assert role(public_room, outsider) == "owner"


def test_a_direct_room_has_no_owner(
    administrator: User, owner: User, member: User, direct_room: Room
) -> None:
    moderation.suspend_user(administrator, user=owner.pk, reason="spam")
    assert role(direct_room, member) == "member"


def test_moderators_make_a_member_owner(
    moderator: User,
    outsider: User,
    member: User,
    suspended: User,
    private_room: Room,
    direct_room: Room,
) -> None:
    def appoint(room: Room, user: User) -> Room:
        return moderation.appoint_owner(moderator, room=room.pk, user=user.pk, reason="They asked.")

    before = version(private_room)
    appoint(private_room, member)
    assert role(private_room, member) == "owner"
    assert version(private_room) == before + 1
    refused(ErrorCode.NOT_FOUND, appoint, private_room, outsider)
    refused(ErrorCode.FORBIDDEN, appoint, private_room, suspended)
    refused(ErrorCode.FORBIDDEN, appoint, direct_room, member)


def test_moderators_find_an_owner_for_a_room_that_has_none(
    administrator: User,
    moderator: User,
    staff: User,
    owner: User,
    member: User,
    outsider: User,
    suspended: User,
    private_room: Room,
    direct_room: Room,
) -> None:
    def find(room: Room, by: User = moderator, reason: str = "Nobody is left.") -> Room:
        return moderation.find_owner(by, room=room.pk, reason=reason)

    refused(ErrorCode.CONFLICT, find, private_room)
    refused(ErrorCode.CONFLICT, find, direct_room)
    Membership.objects.create(room=private_room, user=outsider, role="moderator")
    deserted(private_room)
    for nobody in (staff, owner, member, suspended):
        refused(ErrorCode.FORBIDDEN, find, private_room, nobody)
    refused(ErrorCode.BAD_REQUEST, find, private_room, moderator, " ")
    assert role(private_room, outsider) == "moderator"
    before = version(private_room)
    find(private_room)
    assert (role(private_room, outsider), role(private_room, member)) == ("owner", "member")
    assert version(private_room) == before + 1
    entry = AuditEntry.objects.get(action="find_owner")
    assert (entry.target, entry.target_id) == (
        f"{isolated('outsider')} of {moderation.label(private_room)}",
        str(outsider.pk),
    )
    User.objects.filter(pk__in=[outsider.pk, member.pk]).update(is_active=False)
    refused(ErrorCode.CONFLICT, find, private_room, administrator)
