"""Strangers ask before they are in a room with somebody, where the server says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from chat import queries, relations
from chat.access import WAITING_MESSAGES
from chat.actions import blocks, requests, rooms
from chat.actions.drafts import Draft
from chat.actions.strangers import ASKED_A_DAY, WAITING_LIMIT
from chat.models import Membership, Room, RoomRequest
from chat.protocol import ErrorCode
from tests.chat.conftest import refused, say
from tests.conftest import person


@pytest.fixture(autouse=True)
def strangers_ask(settings):
    settings.STRANGERS_ASK = True


def names(room) -> set[str]:
    return set(Membership.objects.filter(room=room).values_list("user__username", flat=True))


def asks(user) -> list[tuple[str, str]]:
    """The room's name and who asks, of each request that waits for this person."""
    found = relations.relations_of([user.pk])[user.pk].requests
    return [(request.name, request.by) for request in found]


def crowd(count: int) -> list[str]:
    users = [User(username=f"stranger{number}") for number in range(count)]
    return [user.username for user in User.objects.bulk_create(users)]


def open_private(user, *members, name="Trap") -> Room:
    room, _ = rooms.open_room(user, kind="private", name=name, members=members)
    return room


def test_a_stranger_is_asked_and_whoever_shares_a_room_is_added(
    owner, member, outsider, private_room
):
    room = open_private(owner, "member", "outsider")
    assert names(room) == {"owner", "member"}
    assert asks(outsider) == [("Trap", "owner")]
    assert asks(member) == []
    assert queries.room_view(owner, room.pk).asked == ["outsider"]
    refused(ErrorCode.NOT_FOUND, queries.room_view, outsider, room.pk)


def test_any_room_that_is_shared_makes_people_known(owner, outsider, public_room):
    rooms.join_room(outsider, room=public_room.pk)
    assert names(open_private(owner, "outsider")) == {"owner", "outsider"}


def test_in_a_team_nobody_asks(owner, outsider, settings):
    settings.STRANGERS_ASK = False
    assert names(open_private(owner, "outsider")) == {"owner", "outsider"}


def test_accepting_lets_in_with_nothing_unread(owner, outsider):
    room = open_private(owner, "outsider")
    say(owner, room)
    requests.accept_request(outsider, room=room.pk)
    assert names(room) == {"owner", "outsider"}
    assert asks(outsider) == []
    (view,) = queries.rooms_of(outsider)
    assert (view.room.number, view.room.read, view.room.asked) == (1, 1, None)


def test_refusing_is_not_told_and_holds_for_a_time(owner, outsider):
    room = open_private(owner, "outsider")
    before = queries.room_view(owner, room.pk)
    requests.refuse_request(outsider, room=room.pk)
    assert asks(outsider) == []
    assert queries.room_view(owner, room.pk) == before
    rooms.add_members(owner, room=room.pk, members=["outsider"])
    assert asks(outsider) == []
    refused(ErrorCode.FORBIDDEN, open_private, owner, "outsider", name="Other")
    refused(ErrorCode.FORBIDDEN, rooms.open_room, owner, kind="direct", members=["outsider"])
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=room.pk)
    assert Room.objects.count() == 1
    long_ago = timezone.now() - relations.REFUSED_FOR - timedelta(minutes=1)
    RoomRequest.objects.update(refused_at=long_ago, created_at=long_ago)
    rooms.add_members(owner, room=room.pk, members=["outsider"])
    assert asks(outsider) == [("Trap", "owner")]


def test_others_of_the_same_room_cannot_ask_again_either(owner, member, outsider, private_room):
    Membership.objects.filter(room=private_room, user=member).update(role="moderator")
    rooms.add_members(owner, room=private_room.pk, members=["outsider"])
    requests.refuse_request(outsider, room=private_room.pk)
    rooms.add_members(member, room=private_room.pk, members=["outsider"])
    assert asks(outsider) == []


def test_one_person_asks_so_many_strangers_a_day(owner, outsider):
    room = open_private(owner, *crowd(ASKED_A_DAY))
    detail = refused(
        ErrorCode.RATE_LIMITED, rooms.add_members, owner, room=room.pk, members=["outsider"]
    )
    assert "tomorrow" in detail
    refused(ErrorCode.RATE_LIMITED, open_private, owner, "outsider")
    refused(ErrorCode.RATE_LIMITED, rooms.open_room, owner, kind="direct", members=["outsider"])
    assert Room.objects.count() == 1
    # Asking those again who have been asked costs nothing, and leaving does not begin anew.
    rooms.add_members(owner, room=room.pk, members=["stranger1"])
    rooms.leave_room(owner, room=room.pk)
    refused(ErrorCode.RATE_LIMITED, open_private, owner, "outsider")
    RoomRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    open_private(owner, "outsider")


def test_so_many_requests_wait_for_one_person(owner, outsider):
    other = person("asker")
    some = Room.objects.bulk_create(Room(kind="private", name=f"{n}") for n in range(WAITING_LIMIT))
    RoomRequest.objects.bulk_create(
        RoomRequest(room=room, user=outsider, asker=other) for room in some
    )
    refused(ErrorCode.RATE_LIMITED, open_private, owner, "outsider")
    assert not Room.objects.filter(name="Trap").exists()


def test_what_a_stranger_writes_is_seen_on_accepting_and_bounded(owner, outsider):
    room, new = rooms.open_room(owner, kind="direct", members=["outsider"])
    assert new
    assert asks(outsider) == [("", "owner")]
    view = queries.room_view(owner, room.pk)
    assert (view.members, view.asked) == (["owner"], ["outsider"])
    for number in range(WAITING_MESSAGES):
        say(owner, room, str(number))
    refused(ErrorCode.FORBIDDEN, say, owner, room, "one more")
    assert queries.rooms_of(outsider) == []
    requests.accept_request(outsider, room=room.pk)
    (seen,) = queries.rooms_of(outsider)
    assert (seen.room.number, seen.room.read) == (WAITING_MESSAGES, 0)
    say(owner, room, "thank you")
    again, new = rooms.open_room(outsider, kind="direct", members=["owner"])
    assert (again.pk, new) == (room.pk, False)


def test_a_batch_of_messages_is_bounded_as_one_after_another(owner, outsider):
    from uuid import uuid4

    from chat.actions import messages
    from chat.models import Message

    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    drafts = [Draft(owner, room.pk, uuid4(), f"number {n}") for n in range(20)]
    results = messages.send_messages(drafts)
    assert [isinstance(result, Message) for result in results] == [n < 5 for n in range(20)]


def test_to_write_back_is_to_accept(owner, outsider):
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    back, new = rooms.open_room(outsider, kind="direct", members=["owner"])
    assert (back.pk, new) == (room.pk, False)
    assert names(room) == {"owner", "outsider"}
    assert asks(outsider) == []
    assert not Room.objects.get(pk=room.pk).waiting


def test_a_refused_direct_room_is_answered_as_before(owner, outsider):
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    requests.refuse_request(outsider, room=room.pk)
    again, new = rooms.open_room(owner, kind="direct", members=["outsider"])
    assert (again.pk, new) == (room.pk, False)
    assert asks(outsider) == []
    # Whoever refused may still change their mind.
    rooms.open_room(outsider, kind="direct", members=["owner"])
    assert names(room) == {"owner", "outsider"}


def test_whoever_meets_elsewhere_waits_no_longer(owner, outsider, public_room):
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    say(owner, room)
    rooms.mark_read(owner, room=room.pk, number=1)
    rooms.join_room(outsider, room=public_room.pk)
    rooms.open_room(owner, kind="direct", members=["outsider"])
    assert names(room) == {"owner", "outsider"}
    assert asks(outsider) == []
    reads = Membership.objects.filter(room=room).values_list("user__username", "read_number")
    assert dict(reads) == {"owner": 1, "outsider": 0}
    for number in range(WAITING_MESSAGES):
        say(owner, room, str(number))


def test_a_block_refuses_what_waits(owner, outsider):
    room = open_private(owner, "outsider")
    blocks.block_person(outsider, username="owner")
    assert asks(outsider) == []
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=room.pk)
    detail = refused(
        ErrorCode.FORBIDDEN, rooms.add_members, owner, room=room.pk, members=["outsider"]
    )
    assert detail == "You cannot add @outsider. Leave them out."


def test_a_request_ends_with_its_askers_right_to_add(owner, member, outsider, private_room):
    Membership.objects.filter(room=private_room, user=member).update(role="moderator")
    rooms.add_members(member, room=private_room.pk, members=["outsider"])
    rooms.remove_member(owner, room=private_room.pk, member="member")
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=private_room.pk)
    assert asks(outsider) == []
    assert "outsider" not in names(private_room)


def test_nobody_answers_what_was_asked_of_another(owner, member, outsider):
    room = open_private(owner, "outsider")
    for answer in (requests.accept_request, requests.refuse_request):
        refused(ErrorCode.NOT_FOUND, answer, member, room=room.pk)
    assert asks(outsider) == [("Trap", "owner")]


def test_asking_many_takes_as_many_queries_as_asking_one(owner, django_assert_max_num_queries):
    room = open_private(owner)
    people = crowd(ASKED_A_DAY)
    with django_assert_max_num_queries(20):
        rooms.add_members(owner, room=room.pk, members=people)
    assert RoomRequest.objects.count() == ASKED_A_DAY
