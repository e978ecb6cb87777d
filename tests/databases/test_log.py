"""The room log under several writers, each with its own connection, as processes have."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections

from chat.actions import messages, rooms
from chat.message_log import precedence, writer
from chat.models import Message, Room
from chat.queries import room_log
from tests import databases
from tests.support.drafts import draft_of

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 4


@pytest.fixture
def many_rooms(owner, member):
    return [
        rooms.open_room(owner, kind="private", name=f"Room {n}", members=[member.username])[0]
        for n in range(6)
    ]


def in_threads(*jobs: Callable[[], object]) -> list[object]:
    """What each of these returned, all of them run at once on connections of their own."""

    def alone(job: Callable[[], object]) -> object:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(alone, job) for job in jobs]]


def log_of(room: Room) -> list[tuple[int, int]]:
    rows = Message.objects.filter(room=room).order_by("position")
    return list(rows.values_list("position", "number"))


def test_batches_over_the_same_rooms_in_any_order_all_get_in(owner, many_rooms):
    rounds = 6

    def write(writer: int) -> None:
        order = many_rooms if writer % 2 else many_rooms[::-1]
        for _ in range(rounds):
            drafts = [draft_of(owner, room.pk, "hello") for room in order]
            assert not any(isinstance(r, Exception) for r in messages.send_messages(drafts))

    in_threads(*(lambda writer=writer: write(writer) for writer in range(WRITERS)))
    expected = [(n, n) for n in range(1, WRITERS * rounds + 1)]
    assert [log_of(room) for room in many_rooms] == [expected] * len(many_rooms)


def test_one_message_sent_by_all_at_once_is_stored_once(owner, private_room):
    client_id = uuid.uuid4()

    def send() -> uuid.UUID:
        sent = messages.send_message(owner, room=private_room.pk, client_id=client_id, body="once")
        return sent.pk

    assert len(set(in_threads(*[send] * 8))) == 1
    assert log_of(private_room) == [(1, 1)]


def test_reactions_of_all_at_once_are_all_there(owner, member, private_room):
    sent = messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body="vote")
    emoji = ["👍", "👎", "🎉", "❤️"]
    in_threads(
        *(
            lambda one=one, who=who: messages.react_to_message(
                who, message=sent.pk, emoji=one, on=True
            )
            for one in emoji
            for who in (owner, member)
        )
    )
    sent.refresh_from_db()
    assert {one: sorted(names) for one, names in sent.reactions.items()} == {
        one: ["member", "owner"] for one in emoji
    }
    assert log_of(private_room) == [(9, 1)]


def test_nothing_is_stored_where_something_has_already_stood(owner, private_room, monkeypatch):
    """Someone reads the head and is slow to write; meanwhile a message takes the next position
    and leaves it again. What the slow one writes must stand after everything that was seen."""
    first = messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body="1")
    read, moved = threading.Event(), threading.Event()
    append = writer.append
    writes: list[float] = []
    edits: list[tuple[float, int]] = []
    stored: list[int] = []

    def slow_append(rows, heads):
        if rows and rows[0].body == "slow":
            if not read.is_set():
                read.set()
                # Where rooms are locked, nobody can move anything meanwhile.
                moved.wait(1.0)
            writes.append(time.monotonic())
        return append(rows, heads)

    monkeypatch.setattr(writer, "append", slow_append)

    def slow() -> None:
        sent = messages.send_message(
            owner, room=private_room.pk, client_id=uuid.uuid4(), body="slow"
        )
        stored.append(sent.position)

    def move() -> None:
        read.wait(5)
        for body in ("2", "3"):
            edited = messages.edit_message(owner, message=first.pk, body=body)
            edits.append((time.monotonic(), edited.position))
        moved.set()

    in_threads(slow, move)
    # Which of two threads goes on first after both have written says nothing.
    seen = [position for at, position in edits if at < writes[-1]]
    assert all(position < stored[0] for position in seen), "it stands before what was seen before"
    assert len(log_of(private_room)) == 2


def test_a_writer_with_slow_queries_gets_its_turn(owner, private_room, monkeypatch):
    append = writer.append

    def append_slowly(rows, heads):
        if any(row.body == "slow" for row in rows):
            time.sleep(0.15)  # in which the others write several times
        return append(rows, heads)

    monkeypatch.setattr(writer, "append", append_slowly)
    done = threading.Event()
    slow: list[float] = []

    def write_slowly() -> None:
        try:
            for _ in range(3):
                began = time.monotonic()
                messages.send_message(
                    owner, room=private_room.pk, client_id=uuid.uuid4(), body="slow"
                )
                slow.append(time.monotonic() - began)
        finally:
            done.set()

    counts: list[int] = []

    def write_quickly() -> None:
        count = 0
        while not done.is_set():
            messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body="quick")
            count += 1
        counts.append(count)

    in_threads(write_slowly, *[write_quickly] * 3)
    assert max(slow) < 5
    assert min(counts) > 0
    total = sum(counts) + len(slow)
    assert log_of(private_room) == [(n, n) for n in range(1, total + 1)]


@pytest.mark.skipif(databases.kind() != "mongodb", reason="the others need no precedence")
def test_a_claim_of_a_clock_that_is_ahead_holds_up_one_message(owner, private_room, monkeypatch):
    monkeypatch.setattr(precedence, "LIMIT", 1.0)
    collection = connection.get_collection(precedence.COLLECTION)  # type: ignore[attr-defined]
    until = datetime.now() + timedelta(hours=5)
    collection.insert_one({"_id": private_room.pk.hex, "by": "a dead process", "until": until})
    waits = []
    for _ in range(2):
        began = time.monotonic()
        messages.send_message(owner, room=private_room.pk, client_id=uuid.uuid4(), body="hello")
        waits.append(time.monotonic() - began)
    assert waits[0] > 0.9 > waits[1]


def test_heads_say_what_the_log_says_while_all_write(owner, many_rooms):
    done = threading.Event()

    def write() -> None:
        for _ in range(10):
            for room in many_rooms[:2]:
                messages.send_message(owner, room=room.pk, client_id=uuid.uuid4(), body="hello")

    def write_all() -> None:
        try:
            write()
        finally:
            done.set()

    def read() -> None:
        seen: dict[uuid.UUID, int] = {}
        while not done.is_set():
            for room, head in room_log.heads([room.pk for room in many_rooms]).items():
                assert head.position >= seen.get(room, 0)
                seen[room] = head.position
                entries, _ = room_log.changes(room, after=0, limit=200)
                held = [entry[0] for entry in entries]
                # Only new messages here, so that a hole would be something seen too early.
                assert held == list(range(1, len(held) + 1))

    in_threads(write_all, read)


def test_the_database_is_the_one_that_was_asked_for():
    """So that a run that was meant for another cannot pass on SQLite."""
    scheme = os.environ.get("DATABASE_URL", "").split(":")[0]
    assert connection.vendor == {"postgres": "postgresql", "mongodb": "mongodb"}.get(
        scheme, "sqlite"
    )
