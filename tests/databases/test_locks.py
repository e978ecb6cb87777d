"""What others have locked on PostgreSQL, and how long anybody waits for it."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management.sql import emit_pre_migrate_signal
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

from accounts.models import User
from chat.actions import batches, messages, rooms
from chat.actions.batches import Change
from chat.actions.drafts import Draft
from chat.actions.read_marks import move_read_marks
from chat.models import Membership, Room
from tests import databases
from tests.chat.conftest import say
from tests.support.drafts import draft_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(databases.kind() != "postgres", reason="the others lock no rows"),
]


@pytest.fixture(autouse=True)
def connection_of_a_server(transactional_db: None) -> None:
    """This one made the test's database, and migrations wait without end."""
    connection.close()


@contextmanager
def held(sql: str, *values: Any) -> Iterator[None]:
    """Another session has locked these rows."""
    aside = connection.copy()
    aside.set_autocommit(False)
    with aside.cursor() as cursor:
        cursor.execute(sql, values)
    try:
        yield
    finally:
        aside.close()


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.monotonic()
    done = work()
    return time.monotonic() - began, done


def drafts(user: User, *rooms: Room) -> list[Draft]:
    return [draft_of(user, room.pk, "hello") for room in rooms]


def test_a_room_that_is_held_delays_the_others_once(owner: User, member: User) -> None:
    several = [
        rooms.open_room(owner, kind="private", name=f"{n}", members=[member.username])[0]
        for n in range(3)
    ]
    free, other, locked = several
    with held("SELECT 1 FROM chat_room WHERE _id = %s FOR UPDATE", locked.pk):
        first, results = seconds(lambda: batches.store(drafts(owner, *several)))
        assert [isinstance(each, OperationalError) for each in results] == [False, False, True]
        assert first < 4
        second, results = seconds(lambda: batches.store(drafts(owner, locked, free, other)))
        assert [isinstance(each, OperationalError) for each in results] == [True, False, False]
        assert second < 1
    assert not isinstance(batches.store(drafts(owner, locked))[0], Exception)


def test_marks_that_are_held_delay_nobody_elses(
    owner: User, member: User, private_room: Room, public_room: Room
) -> None:
    for room in (private_room, public_room):
        say(owner, room)
    mine = {(room.pk, member.pk): 1 for room in (private_room, public_room)}
    sql = "SELECT 1 FROM chat_membership WHERE room_id = %s AND user_id = %s FOR UPDATE"
    with held(sql, private_room.pk, member.pk), pytest.raises(OperationalError):
        move_read_marks(mine)
    read = Membership.objects.filter(user=member).values_list("room_id", "read_number")
    assert dict(read) == {private_room.pk: 0, public_room.pk: 1}
    move_read_marks(mine)
    assert set(Membership.objects.filter(user=member).values_list("read_number", flat=True)) == {1}


def test_two_processes_with_slow_queries_refuse_nobody(
    owner: User, private_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of one takes longer than the other may wait for a lock."""
    posts = [say(owner, private_room, f"{n}") for n in range(2)]
    react = messages.react_to_message

    def slowly(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.1)
        return react(*args, **kwargs)

    def batch(message: uuid.UUID) -> list[Any]:
        emoji = [
            "👍",
            "👎",
            "🎉",
            "❤️",
            "🚀",
            "👀",
            "🔥",
            "💡",
            "✅",
            "🙏",
            "😀",
            "😂",
            "🤔",
            "👏",
            "💯",
        ]
        changes = [
            Change(message, lambda one=one, on=on: slowly(owner, message=message, emoji=one, on=on))
            for on in (True, False)
            for one in emoji
        ]
        try:
            return batches.store(changes)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(batch, post.pk) for post in posts]
        results = [result for each in done for result in each.result()]
    assert len(results) == 60
    assert not [each for each in results if isinstance(each, Exception)]


def test_migrations_wait_without_end() -> None:
    emit_pre_migrate_signal(0, False, DEFAULT_DB_ALIAS)
    with connection.cursor() as cursor:
        for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == ("0",)
    connection.close()
