"""Every question of permission, asked by everyone of the cast."""

import uuid

import pytest
from django.utils import timezone

from chat import permissions
from chat.actions import blocks
from chat.models import Membership
from chat.permissions import Permission
from chat.protocol import ChatError, ErrorCode
from tests.chat.conftest import refused, say

ALL = set(Permission)
TO_READ = {Permission.READ}
TO_SEND = {Permission.READ, Permission.SEND, Permission.WITHDRAW}


@pytest.fixture
def cast(owner, member, outsider, suspended):
    return {"owner": owner, "member": member, "outsider": outsider, "suspended": suspended}


def allowed(user, room) -> set[Permission]:
    """What this person may do there; all refusals of reading must be ``not_found``."""
    allowed_ones = set()
    for permission in Permission:
        try:
            permissions.room_for(user, room.pk, permission)
            allowed_ones.add(permission)
        except ChatError as refusal:
            readable = permissions.can_read(user, room.pk)
            assert refusal.code == (ErrorCode.FORBIDDEN if readable else ErrorCode.NOT_FOUND)
    return allowed_ones


@pytest.mark.parametrize(
    ("name", "expected"),
    [("owner", ALL), ("member", TO_SEND), ("outsider", set()), ("suspended", set())],
)
def test_a_private_room_is_its_members_by_their_role(cast, private_room, name, expected):
    assert allowed(cast[name], private_room) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("owner", ALL), ("member", TO_SEND), ("outsider", TO_READ), ("suspended", set())],
)
def test_a_public_room_can_be_read_by_all_who_are_not_suspended(cast, public_room, name, expected):
    assert allowed(cast[name], public_room) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("owner", TO_SEND), ("member", TO_SEND), ("outsider", set()), ("suspended", set())],
)
def test_a_direct_room_has_two_equal_members(cast, direct_room, name, expected):
    assert allowed(cast[name], direct_room) == expected


def test_a_moderator_moderates_and_does_not_manage(member, private_room):
    Membership.objects.filter(user=member).update(role=Membership.Role.MODERATOR)
    assert allowed(member, private_room) == ALL - {Permission.MANAGE}


def test_a_closed_room_can_only_be_read_and_by_its_members_alone(owner, outsider, public_room):
    public_room.closed_at = timezone.now()
    public_room.save()
    assert allowed(owner, public_room) == TO_READ
    assert allowed(outsider, public_room) == set()


def test_a_block_ends_a_conversation_and_takes_nobody_what_they_wrote(owner, member, direct_room):
    blocks.block_person(owner, username="member")
    for person in (owner, member):
        assert allowed(person, direct_room) == {Permission.READ, Permission.WITHDRAW}
        (sender,) = permissions.senders_for({(person.pk, direct_room.pk)}).values()
        refused(ErrorCode.FORBIDDEN, sender.check)
    blocks.unblock_person(owner, username="member")
    assert allowed(member, direct_room) == TO_SEND


def test_what_does_not_exist_answers_as_what_may_not_be_seen(outsider, private_room):
    details = {
        refused(ErrorCode.NOT_FOUND, permissions.room_for, outsider, room, Permission.READ)
        for room in (private_room.pk, uuid.uuid4())
    }
    assert len(details) == 1


def test_a_message_is_looked_up_with_its_room(owner, member, outsider, private_room):
    message = say(owner, private_room)
    found, grant = permissions.message_for(member, message.pk)
    assert (found.pk, grant.room.pk, grant.role) == (message.pk, private_room.pk, "member")
    for person, id in ((outsider, message.pk), (owner, uuid.uuid4())):
        refused(ErrorCode.NOT_FOUND, permissions.message_for, person, id)


def test_suspension_counts_even_for_an_object_that_does_not_know_of_it(member, private_room):
    type(member).objects.filter(pk=member.pk).update(is_active=False)
    assert member.is_active
    assert allowed(member, private_room) == set()


def test_many_senders_are_asked_about_in_one_query(
    owner, member, outsider, suspended, private_room, public_room, django_assert_num_queries
):
    people = (owner, member, outsider, suspended)
    pairs = {(person.pk, room.pk) for person in people for room in (private_room, public_room)}
    with django_assert_num_queries(1):
        found = permissions.senders_for(pairs)
    assert set(found) == {
        (person.pk, room.pk) for person in (owner, member) for room in (private_room, public_room)
    }
