"""One room in one process: in order and without a gap, whatever the channel layer does."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from chat import protocol
from chat.actions import messages, rooms
from chat.concurrency import executors
from chat.models import Room
from chat.queries import room_log, room_views
from chat.realtime import room_feed as feed_module
from chat.realtime.room_feed import RoomFeed
from tests.chat.conftest import say
from tests.support.drafts import draft_of
from tests.support.fake_connection import FakeConnection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
]


def version(room) -> int:
    return Room.objects.get(pk=room.pk).members_version


def entries(room, *, after: int) -> list:
    found: list = []
    more = True
    while more:
        last = found[-1][0] if found else after
        page, more = room_log.changes(room.pk, after=last, limit=100)
        found += page
    return found


def following(room, *people) -> tuple[RoomFeed, list[FakeConnection]]:
    """A feed at the head of the log, and these people's connections to it."""
    feed = RoomFeed(room.pk, flush_soon=RoomFeed.flush)
    visitors = []
    for user in people:
        (view,) = room_views.rooms_of(user)
        if feed.tail is None:
            feed.start(room_log.heads([room.pk])[room.pk])
        fake_connection = FakeConnection(user)
        feed.attach(fake_connection, view)
        visitors.append(fake_connection)
    return feed, visitors


async def healed(feed: RoomFeed) -> None:
    if feed._healing is not None:
        await asyncio.wait([feed._healing])


@pytest.fixture
def slow_database(monkeypatch):
    """What is asked is answered as it was then, and comes back only when the test lets it."""
    answers = asyncio.Event()

    async def run_in_db_pool(work, *args, **kwargs):
        answer = await executors.run_in_db_pool(work, *args, **kwargs)
        slow.asked.set()
        await answers.wait()
        return answer

    slow = SimpleNamespace(asked=asyncio.Event(), answers=answers)
    monkeypatch.setattr(feed_module, "run_in_db_pool", run_in_db_pool)
    return slow


async def test_what_follows_the_tail_is_forwarded_as_it_came(owner, member, private_room):
    say(owner, private_room)
    feed, (mine, theirs) = following(private_room, owner, member)
    for number in range(3):
        say(owner, private_room, str(number))
    for entry in entries(private_room, after=1):
        feed.hear(0, [entry])
    assert mine.positions() == theirs.positions() == [2, 3, 4]


async def test_what_comes_again_or_late_is_not_forwarded_again(owner, private_room):
    feed, (mine,) = following(private_room, owner)
    for number in range(3):
        say(owner, private_room, str(number))
    first, second, third = entries(private_room, after=0)
    for heard in ([first], [first], [second], [first, second], [third], [second]):
        feed.hear(0, heard)
    assert mine.positions() == [1, 2, 3]


async def test_a_gap_is_read_from_the_log_once_for_all(
    owner, member, private_room, django_assert_max_num_queries
):
    feed, (mine, theirs) = following(private_room, owner, member)
    for number in range(5):
        say(owner, private_room, str(number))
    feed.hear(0, entries(private_room, after=4))
    feed.hear(0, entries(private_room, after=3))
    await healed(feed)
    assert mine.positions() == theirs.positions() == [1, 2, 3, 4, 5]


async def test_a_hole_that_a_moved_message_left_makes_everyone_ask(owner, private_room):
    feed, (mine,) = following(private_room, owner)
    first, _ = say(owner, private_room), say(owner, private_room)
    messages.edit_message(owner, message=first.pk, body="changed")
    feed.hear(0, entries(private_room, after=2))
    await healed(feed)
    told = mine.take()
    assert [frame["type"] for frame in told] == ["heads"]
    assert told[0]["rooms"] == {str(private_room.pk): 3}
    changes = json.loads(await feed.changes(mine, 0))  # type: ignore[arg-type]
    assert [message["position"] for message in changes["messages"]] == [2, 3]
    assert (changes["position"], changes["more"], changes["reset"]) == (3, False, False)


async def test_someone_removed_gets_nothing_of_the_first_event_after_it(
    owner, member, private_room
):
    feed, (mine, theirs) = following(private_room, owner, member)
    rooms.remove_member(owner, room=private_room.pk, member="member")
    say(owner, private_room, "for those who are left")
    feed.hear(version(private_room), entries(private_room, after=0))
    await healed(feed)
    assert mine.positions() == [1]
    assert [frame["type"] for frame in theirs.take()] == ["room.removed"]


async def test_a_change_of_which_nobody_heard_is_told_with_the_next_event(
    owner, member, outsider, private_room
):
    """Else the members' pages would show the room as it was, until they connect again."""
    feed, (mine, _) = following(private_room, owner, member)
    rooms.add_members(owner, room=private_room.pk, members=[outsider.username])
    say(owner, private_room)
    feed.hear(version(private_room), entries(private_room, after=0))
    await healed(feed)
    await feed.tell_changed(member.pk)  # tells the owner nothing, and ends after what was begun
    told = [frame["room"] for frame in mine.take() if frame["type"] == "room"]
    assert told and outsider.username in told[-1]["members"]


async def test_someone_removed_while_coming_in_gets_nothing_either(
    owner, member, private_room, slow_database
):
    """They attach with what was read before the removal, while the feed asks about the others."""
    feed, (mine,) = following(private_room, owner)
    (before_removal,) = room_views.rooms_of(member)
    rooms.remove_member(owner, room=private_room.pk, member="member")
    say(owner, private_room, "first")
    feed.hear(version(private_room), entries(private_room, after=0))
    await slow_database.asked.wait()
    late = FakeConnection(member)
    feed.attach(late, before_removal)
    slow_database.answers.set()
    await healed(feed)
    late.take()
    say(owner, private_room, "a secret")
    feed.hear(version(private_room), entries(private_room, after=1))
    await healed(feed)
    assert "a secret" not in str(late.take())
    assert mine.positions() == [1, 2]


async def test_someone_removed_while_their_sync_is_read_gets_none_of_it(
    owner, member, private_room, slow_database
):
    say(owner, private_room, "a secret")
    feed, (_, theirs) = following(private_room, owner, member)
    asking = asyncio.create_task(feed.changes(theirs, 0))
    await slow_database.asked.wait()
    feed.remove(theirs, protocol.RemovalReason.REMOVED)
    slow_database.answers.set()
    answer = await asking
    assert answer is not None
    assert json.loads(answer)["type"] == "room.removed"


async def test_large_messages_that_come_while_the_log_is_read_back_leave_no_hole(
    owner, private_room, slow_database
):
    """They push out of the tail what stands between its rest and what is read."""
    big = "x" * 19_000
    for number in range(60):
        say(owner, private_room, f"{number} {big}")
    feed, (mine,) = following(private_room, owner)
    for number in range(40):
        say(owner, private_room, f"{60 + number} {big}")
    heard = entries(private_room, after=60)
    for entry in heard[:30]:
        feed.hear(0, [entry])
    assert feed.tail is not None
    assert feed.tail.since > 60
    asking = asyncio.create_task(feed.changes(mine, 5))
    await slow_database.asked.wait()
    for entry in heard[30:]:
        feed.hear(0, [entry])
    slow_database.answers.set()
    told: list[int] = []
    answer: str | None = await asking
    while answer:
        changes = json.loads(answer)
        told += [message["position"] for message in changes["messages"]]
        answer = await feed.changes(mine, changes["position"])
    assert told == list(range(6, 101))


async def test_whoever_is_far_behind_pages_through_the_log(owner, private_room):
    drafts = [draft_of(owner, private_room.pk, str(n)) for n in range(900)]
    messages.send_messages(drafts)
    feed, (mine,) = following(private_room, owner)
    told: list[int] = []
    position, pages = 0, 0
    while answer := await feed.changes(mine, position):
        changes = json.loads(answer)
        assert len(changes["messages"]) <= protocol.PAGE_LIMIT
        told += [message["position"] for message in changes["messages"]]
        assert changes["more"] is (changes["position"] < 900)
        position, pages = changes["position"], pages + 1
    assert told == list(range(1, 901))
    assert pages == 5


async def test_whoever_stands_beyond_the_log_starts_again(owner, private_room):
    """As after a backup was restored."""
    say(owner, private_room)
    feed, (mine,) = following(private_room, owner)
    answer = await feed.changes(mine, 10)
    assert answer is not None
    changes = json.loads(answer)
    assert (changes["reset"], changes["position"], changes["messages"]) == (True, 1, [])
