"""Strangers ask before they are in a room with somebody, where the server says so."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chat.actions import blocks, requests, rooms
from chat.actions.strangers import ASKED_A_DAY, WAITING_LIMIT
from chat.models import Membership, Room, RoomRequest
from chat.permissions import WAITING_MESSAGES
from chat.protocol import ErrorCode
from chat.queries import relations, room_views
from tests.chat.conftest import refused, say
from tests.conftest import person
from tests.support.drafts import draft_of


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
    assert room_views.room_view(owner, room.pk).asked == ["outsider"]
    refused(ErrorCode.NOT_FOUND, room_views.room_view, outsider, room.pk)


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
    (view,) = room_views.rooms_of(outsider)
    assert (view.room.number, view.room.read, view.room.asked) == (1, 1, None)


def test_refusing_is_not_told_and_holds_for_a_time(owner, outsider):
    room = open_private(owner, "outsider")
    before = room_views.room_view(owner, room.pk)
    requests.refuse_request(outsider, room=room.pk)
    assert asks(outsider) == []
    assert room_views.room_view(owner, room.pk) == before
    rooms.add_members(owner, room=room.pk, members=["outsider"])
    assert asks(outsider) == []
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=room.pk)
    long_ago = timezone.now() - relations.REFUSED_FOR - timedelta(minutes=1)
    RoomRequest.objects.update(refused_at=long_ago, created_at=long_ago)
    rooms.add_members(owner, room=room.pk, members=["outsider"])
    assert asks(outsider) == [("Trap", "owner")]


@pytest.mark.parametrize("kind", ["private", "public", "direct"])
def test_another_room_of_who_was_refused_tells_nothing_either(owner, outsider, member, kind):
    requests.refuse_request(outsider, room=open_private(owner, "outsider").pk)
    named = {"kind": kind, "name": "" if kind == "direct" else "Other"}
    room, new = rooms.open_room(owner, **named, members=["outsider"])
    never, _ = rooms.open_room(owner, **named, members=["member"])  # who has refused nobody
    told = room_views.room_view(owner, room.pk).model_dump(exclude={"id"})
    other = room_views.room_view(owner, never.pk).model_dump(exclude={"id"})
    assert new
    assert str(told).replace("outsider", "member") == str(other)
    assert relations.asked_into([room.pk])[room.pk] == ["outsider"]
    assert asks(outsider) == []
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=room.pk)
    # It ends when the first refusal does.
    long_ago = timezone.now() - relations.REFUSED_FOR + timedelta(minutes=1)
    RoomRequest.objects.exclude(refused_at=None).update(refused_at=long_ago)
    assert relations.asked_into([room.pk])[room.pk] == ["outsider"]


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
    view = room_views.room_view(owner, room.pk)
    assert (view.members, view.asked) == (["owner"], ["outsider"])
    for number in range(WAITING_MESSAGES):
        say(owner, room, str(number))
    refused(ErrorCode.FORBIDDEN, say, owner, room, "one more")
    assert room_views.rooms_of(outsider) == []
    requests.accept_request(outsider, room=room.pk)
    (seen,) = room_views.rooms_of(outsider)
    assert (seen.room.number, seen.room.read) == (WAITING_MESSAGES, 0)
    say(owner, room, "thank you")
    again, new = rooms.open_room(outsider, kind="direct", members=["owner"])
    assert (again.pk, new) == (room.pk, False)


def test_a_batch_of_messages_is_bounded_as_one_after_another(owner, outsider):

    from chat.actions import messages
    from chat.models import Message

    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    drafts = [draft_of(owner, room.pk, f"number {n}") for n in range(20)]
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


def test_who_is_picked_again_after_meeting_elsewhere_gets_it_with_its_first_message(
    owner, outsider, public_room
):
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    rooms.join_room(outsider, room=public_room.pk)
    rooms.open_room(owner, kind="direct", members=["outsider"])
    assert (names(room), asks(outsider)) == ({"owner"}, [])
    view = room_views.room_view(owner, room.pk)
    assert (view.members, view.asked) == (["owner", "outsider"], None)
    say(owner, room)
    assert names(room) == {"owner", "outsider"}


def test_who_is_picked_again_as_a_stranger_is_asked(owner, outsider, public_room):
    rooms.join_room(outsider, room=public_room.pk)
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    rooms.leave_room(outsider, room=public_room.pk)
    rooms.open_room(owner, kind="direct", members=["outsider"])
    assert asks(outsider) == [("", "owner")]
    say(owner, room)
    assert names(room) == {"owner"}, "before they have accepted"
    requests.accept_request(outsider, room=room.pk)
    assert room_views.room_view(outsider, room.pk).unread == 1


def test_a_request_that_is_accepted_before_a_message_opens_the_room(owner, outsider):
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    requests.accept_request(outsider, room=room.pk)
    assert names(room) == {"owner", "outsider"}
    say(owner, room)
    assert room_views.room_view(outsider, room.pk).unread == 1


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


def end_by_suspension(owner, member, outsider, room):
    User.objects.filter(pk=member.pk).update(is_active=False)


def end_by_closing(owner, member, outsider, room):
    rooms.close_room(room=room.pk, closed=True)


def end_by_another_role(owner, member, outsider, room):
    rooms.set_role(owner, room=room.pk, member="member", role="member")


def end_by_leaving(owner, member, outsider, room):
    rooms.leave_room(member, room=room.pk)


def end_by_a_block_of_the_asker(owner, member, outsider, room):
    blocks.block_person(member, username="outsider")


def end_by_a_block_of_the_asked(owner, member, outsider, room):
    blocks.block_person(outsider, username="member")


def end_by_withdrawing(owner, member, outsider, room):
    rooms.remove_member(member, room=room.pk, member="outsider")


def end_by_deletion(owner, member, outsider, room):
    Room.objects.get(pk=room.pk).delete()


@pytest.mark.parametrize(
    "end",
    [
        end_by_suspension,
        end_by_closing,
        end_by_another_role,
        end_by_leaving,
        end_by_a_block_of_the_asker,
        end_by_a_block_of_the_asked,
        end_by_withdrawing,
        end_by_deletion,
    ],
)
def test_a_request_that_is_not_meant_any_more_lets_nobody_in(
    owner, member, outsider, private_room, end
):
    Membership.objects.filter(room=private_room, user=member).update(role="moderator")
    rooms.add_members(member, room=private_room.pk, members=["outsider"])
    end(owner, member, outsider, private_room)
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=private_room.pk)
    assert asks(outsider) == []
    assert "outsider" not in names(private_room)


def test_a_direct_room_that_its_asker_put_away_can_be_accepted(owner, outsider):
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    rooms.put_away_room(owner, room=room.pk, on=True)
    requests.accept_request(outsider, room=room.pk)
    assert names(room) == {"owner", "outsider"}


def test_a_direct_room_can_be_asked_into_again_when_its_asker_is_back(owner, outsider):
    room, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    User.objects.filter(pk=owner.pk).update(is_active=False)
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=room.pk)
    User.objects.filter(pk=owner.pk).update(is_active=True)
    again, _ = rooms.open_room(owner, kind="direct", members=["outsider"])
    assert (again.pk, asks(outsider)) == (room.pk, [("", "owner")])


def test_a_request_does_not_outlive_membership(owner, member, outsider, private_room, public_room):
    rooms.add_members(owner, room=private_room.pk, members=["outsider"])
    Membership.objects.filter(room=private_room, user=member).update(role="moderator")
    shared, _ = rooms.open_room(member, kind="public", name="Lobby")
    rooms.join_room(outsider, room=shared.pk)
    rooms.add_members(member, room=private_room.pk, members=["outsider"])
    assert asks(outsider) == []
    assert room_views.room_view(owner, private_room.pk).asked is None
    rooms.remove_member(owner, room=private_room.pk, member="outsider")
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=private_room.pk)
    # The same by joining, and where a request was left over beside a membership.
    rooms.add_members(owner, room=public_room.pk, members=["outsider"])
    rooms.join_room(outsider, room=public_room.pk)
    RoomRequest.objects.create(room=public_room, user=outsider, asker=owner)
    rooms.remove_member(owner, room=public_room.pk, member="outsider")
    assert "outsider" not in names(public_room)
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=public_room.pk)


def test_whoever_may_remove_people_may_withdraw_what_they_are_asked(
    owner, member, outsider, private_room
):
    other = person("other")
    rooms.add_members(owner, room=private_room.pk, members=["outsider", "other"])
    remove = {"room": private_room.pk, "member": "outsider"}
    refused(ErrorCode.FORBIDDEN, rooms.remove_member, member, **remove)
    refused(ErrorCode.NOT_FOUND, rooms.remove_member, other, **remove)
    version = Room.objects.get(pk=private_room.pk).members_version
    Membership.objects.filter(room=private_room, user=member).update(role="moderator")
    rooms.remove_member(member, **remove)
    assert (asks(outsider), asks(other)) == ([], [("Plans", "owner")])
    assert room_views.room_view(owner, private_room.pk).asked == ["other"]
    assert Room.objects.get(pk=private_room.pk).members_version > version
    refused(ErrorCode.NOT_FOUND, requests.accept_request, outsider, room=private_room.pk)
    refused(ErrorCode.NOT_FOUND, requests.refuse_request, outsider, room=private_room.pk)
    refused(ErrorCode.NOT_FOUND, rooms.remove_member, member, **remove)


@pytest.mark.parametrize("has_refused", [False, True])
def test_withdrawing_tells_nothing_of_a_refusal(owner, outsider, has_refused):
    room = open_private(owner, "outsider")
    if has_refused:
        requests.refuse_request(outsider, room=room.pk)
    rooms.remove_member(owner, room=room.pk, member="outsider")
    assert room_views.room_view(owner, room.pk).asked is None
    # Nor can anyone be asked over and over, by taking it back each time.
    detail = refused(
        ErrorCode.RATE_LIMITED, rooms.add_members, owner, room=room.pk, members=["outsider"]
    )
    assert detail == "The request to @outsider was withdrawn. Try again tomorrow."
    RoomRequest.objects.update(withdrawn_at=timezone.now() - timedelta(hours=25))
    rooms.add_members(owner, room=room.pk, members=["outsider"])
    assert room_views.room_view(owner, room.pk).asked == ["outsider"]
    assert asks(outsider) == ([] if has_refused else [("Trap", "owner")])


def test_what_was_withdrawn_counts_for_the_day(owner, outsider):
    room = open_private(owner, *crowd(ASKED_A_DAY))
    rooms.remove_member(owner, room=room.pk, member="stranger1")
    refused(ErrorCode.RATE_LIMITED, open_private, owner, "outsider")


def test_what_is_refused_is_not_counted_as_opened_or_added(owner, outsider, settings):
    settings.RATE_LIMITS, settings.ROOMS_PER_DAY, settings.PEOPLE_ADDED_PER_DAY = True, 1, 1
    refused(ErrorCode.RATE_LIMITED, open_private, owner, "outsider", *crowd(1))
    open_private(owner, "outsider")


def test_nobody_answers_what_was_asked_of_another(owner, member, outsider):
    room = open_private(owner, "outsider")
    for answer in (requests.accept_request, requests.refuse_request):
        refused(ErrorCode.NOT_FOUND, answer, member, room=room.pk)
    assert asks(outsider) == [("Trap", "owner")]


def test_asking_many_takes_as_many_queries_as_asking_one(owner, django_assert_max_num_queries):
    room = open_private(owner)
    one, *others = crowd(ASKED_A_DAY)
    with CaptureQueriesContext(connection) as queries_for_one:
        rooms.add_members(owner, room=room.pk, members=[one])
    with django_assert_max_num_queries(len(queries_for_one)):
        rooms.add_members(owner, room=room.pk, members=others)
    assert RoomRequest.objects.count() == ASKED_A_DAY
