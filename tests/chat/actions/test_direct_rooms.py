"""A direct room is in the other person's list from its first message on, and not before."""

import uuid

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions import attachments, blocks, messages, rooms
from chat.models import Membership, Message, Room
from chat.moderation import actions as moderation
from chat.protocol import ErrorCode
from chat.queries import membership_state, room_members, room_views
from tests.chat.conftest import refused, say
from tests.conftest import person
from tests.support.drafts import draft_of


def picked(user: User, other: User) -> Room:
    room, _ = rooms.open_room(user, kind="direct", members=[other.username])
    return room


def listed(user: User) -> list[uuid.UUID]:
    """The rooms that greet someone who comes now, asked in each of the ways that hubs ask."""
    found = [view.room.id for view in room_views.rooms_of(user)]
    ids, (count, _) = membership_state.memberships_of([user.pk])[user.pk]
    assert (sorted(ids), count) == (sorted(found), len(found))
    return found


def test_who_is_picked_gets_the_room_with_its_first_message(owner, member):
    room = picked(owner, member)
    assert (listed(owner), listed(member)) == ([room.pk], [])
    say(owner, room, "hello")
    assert (listed(owner), listed(member)) == ([room.pk], [room.pk])
    seen = room_views.room_view(member, room.pk)
    assert (seen.number, seen.read, seen.unread) == (1, 0, 1)
    say(owner, room, "and again")
    assert room_views.room_view(member, room.pk).unread == 2
    assert Membership.objects.filter(room=room).count() == 2


def test_until_then_it_is_to_them_as_no_room(owner, member):
    room, nothing = picked(owner, member).pk, uuid.uuid4()
    for each in (room, nothing):
        for action in (
            lambda id: room_views.room_view(member, id),
            lambda id: room_members.members(member, id, after="", limit=50),
            lambda id: messages.send_message(member, room=id, client_id=uuid.uuid4(), body="hi"),
            lambda id: rooms.put_away_room(member, room=id, on=True),
            lambda id: rooms.leave_room(member, room=id),
            lambda id: rooms.mark_read(member, room=id, number=1),
        ):
            refused(ErrorCode.NOT_FOUND, action, each)
    assert room_members.members_among(room, [member.pk]) == set()
    assert room_views.views_of([(member.pk, room)]) == {(member.pk, room): None}


def test_whoever_picked_them_sees_both_as_its_members(owner, member):
    room = picked(owner, member)

    def seen() -> tuple:
        (view,) = room_views.rooms_of(owner)
        page, _ = room_members.members(owner, room.pk, after="", limit=50)
        assert room_views.room_view(owner, room.pk).members == view.room.members
        named = room_members.members_named(room.pk, ["member", "owner", "outsider"])
        return view.room.members, view.room.member_count, [each.username for each in page], named

    before = seen()
    assert before == (["owner", "member"], 2, ["member", "owner"], ["member", "owner"])
    (rest,), more = room_members.members(owner, room.pk, after="member", limit=1)
    assert (rest.username, more) == ("owner", False)
    say(owner, room)
    assert seen() == before


def test_each_may_pick_the_other_before_anything_is_said(owner, member):
    room = picked(owner, member)
    assert picked(member, owner) == room
    assert room_views.room_view(member, room.pk).members == ["owner", "member"]
    assert picked(owner, member) == room
    say(member, room, "I was first")
    assert (listed(owner), listed(member)) == ([room.pk], [room.pk])
    assert Membership.objects.filter(room=room).count() == 2


def test_to_pick_somebody_twice_tells_them_nothing(owner, member):
    room = picked(owner, member)
    assert picked(owner, member) == room
    assert listed(member) == []


def test_first_messages_of_many_rooms_are_one_batch(owner):
    others = [person(f"other{number}") for number in range(8)]
    made = [picked(owner, other) for other in others]

    def sent(count: int) -> int:
        drafts = [
            draft_of(owner, room.pk, body)
            for room in (made.pop() for _ in range(count))
            for body in ("one", "two")
        ]
        with CaptureQueriesContext(connection) as asked:
            results = messages.send_messages(drafts)
        assert all(isinstance(each, Message) for each in results)
        return len(asked)

    sent(1)  # which asks for names that are remembered
    assert sent(6) == sent(1), "a query for each room"
    for other in others:
        (view,) = room_views.rooms_of(other)
        assert (view.room.number, view.room.unread) == (2, 2)


def test_later_messages_ask_no_more_than_those_of_other_rooms(owner, member, private_room):
    room = picked(owner, member)
    counts = []
    for each in (room, private_room):
        say(owner, each, "first")
        with CaptureQueriesContext(connection) as asked:
            say(owner, each, "second")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_first_message_may_mention_them_or_be_a_file(owner, member, outsider):
    assert say(owner, picked(owner, member), "hello @member, not @outsider").mentions == ["member"]
    file = attachments.store_attachment(owner, file=SimpleUploadedFile("a.txt", b"hello"))
    room = picked(owner, outsider)
    say(owner, room, "", attachments=[file.pk])
    (view,) = room_views.rooms_of(outsider)
    assert view.room.number == 1


def test_a_first_message_that_is_refused_lets_nobody_in(owner, member):
    room = picked(owner, member)
    refused(ErrorCode.BAD_REQUEST, say, owner, room, " ")
    refused(ErrorCode.NOT_FOUND, say, owner, room, "", attachments=[uuid.uuid4()])
    blocks.block_person(member, username="owner")
    refused(ErrorCode.FORBIDDEN, say, owner, room)
    assert listed(member) == []
    blocks.unblock_person(member, username="owner")
    say(owner, room)
    assert listed(member) == [room.pk]


def test_a_room_of_which_the_first_message_was_deleted_stays(owner, member):
    room = picked(owner, member)
    messages.delete_message(owner, message=say(owner, room).pk)
    assert listed(member) == [room.pk]
    assert room_views.room_view(member, room.pk).unread == 0


def test_one_that_they_had_put_away_before_its_first_message_comes_back(owner, member):
    room = picked(owner, member)
    rooms.put_away_room(owner, room=room.pk, on=True)
    assert room_views.room_view(owner, room.pk).put_away
    picked(member, owner)
    rooms.leave_room(member, room=room.pk)
    say(member, room)
    assert not room_views.room_view(owner, room.pk).put_away


def test_who_is_suspended_in_between_finds_it_when_they_are_back(owner, member, administrator):
    room = picked(owner, member)
    moderation.suspend_user(administrator, user=member.pk, reason="spam")
    say(owner, room)
    moderation.restore_user(administrator, user=member.pk, reason="no spam")
    assert listed(User.objects.get(pk=member.pk)) == [room.pk]


def test_who_is_deleted_in_between_holds_up_nobody(owner, member):
    room = picked(owner, member)
    User.objects.filter(pk=member.pk).delete()
    assert say(owner, room).number == 1
    assert (room_views.room_view(owner, room.pk).members or [])[0] == "owner"


def test_empty_rooms_of_before_stay_in_both_lists(owner, member):
    """Earlier versions put a direct room into both lists at once, and nobody loses one."""
    room = picked(owner, member)
    Membership.objects.create(room=room, user=member)
    assert (listed(owner), listed(member)) == ([room.pk], [room.pk])
    say(member, room)
    assert room_views.room_view(owner, room.pk).unread == 1


def test_who_was_written_to_by_a_server_of_before_gets_the_room_when_it_is_picked_again(
    owner, member
):
    """During an upgrade one of these stores the first message, and lets nobody in with it."""
    room = picked(owner, member)
    say(owner, room)
    Membership.objects.filter(room=room, user=member).delete()
    picked(owner, member)
    assert listed(member) == [room.pk]
