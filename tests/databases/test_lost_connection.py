"""A connection that is lost in the middle of a batch takes all of the batch with it."""

import asyncio
import uuid
from collections.abc import Collection
from typing import Any

import pytest
from django.conf import settings
from django.db import Error, connection, connections

from accounts.models import User
from chat import protocol
from chat.actions import batches, messages
from chat.actions.batches import Change
from chat.commands import execution
from chat.concurrency import executors
from chat.message_log.group_commit import GroupCommit
from chat.models import Message, Room
from chat.protocol import ChatError, ErrorCode
from chat.queries import room_views
from tests import databases
from tests.chat.conftest import connections_closed  # noqa: F401

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("connections_closed"),
    pytest.mark.skipif(
        databases.kind() != "postgres", reason="a connection to PostgreSQL can be ended"
    ),
]


def end_connection() -> None:
    aside = connection.copy()
    with connection.cursor() as cursor, aside.cursor() as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
    aside.close()


def backend() -> int:
    """The process that serves this thread's connection; slow, so that each thread is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() FROM pg_sleep(0.2)")
        return int(cursor.fetchone()[0])


def end_backends(processes: Collection[int]) -> None:
    aside = connection.copy()
    with aside.cursor() as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", [list(processes)])
    aside.close()


@pytest.mark.parametrize("is_refused", [False, True])
def test_nothing_is_acknowledged_that_was_rolled_back(
    is_refused: bool, owner: User, private_room: Room
) -> None:
    """Django rolls back in silence where the connection is gone from behind a savepoint."""
    message = messages.send_message(
        owner, room=private_room.pk, client_id=uuid.uuid4(), body="before"
    )

    def edit(body: str) -> Message:
        return messages.edit_message(owner, message=message.pk, body=body)

    def edit_and_end() -> Message:
        end_connection()
        if is_refused:
            raise ChatError(ErrorCode.FORBIDDEN, "No.")
        return edit("again")

    with pytest.raises(Error):
        batches.store(
            [Change(message.pk, lambda: edit("edited")), Change(message.pk, edit_and_end)]
        )
    connections.close_all()
    assert Message.objects.get(pk=message.pk).body == "before"


async def test_what_was_done_before_the_connection_was_lost_is_not_done_again(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room was opened, and could not be read."""
    view = room_views.room_view

    def room_view(*args: Any) -> Any:
        end_connection()
        return view(*args)

    monkeypatch.setattr(room_views, "room_view", room_view)
    command = protocol.RoomOpen(kind="private", name="Once", members=[])
    with pytest.raises(Error):
        await execution.execute(GroupCommit(batches.store), owner, command)
    monkeypatch.undo()
    assert await Room.objects.filter(name="Once").acount() == 1


async def test_what_was_not_begun_is_begun_again(owner: User) -> None:
    ended: list[int] = []

    def work() -> int:
        if not ended:
            ended.append(1)
            end_backends(backends)
        return User.objects.count()

    asked = (executors.run_in_db_pool(backend) for _ in range(settings.DB_THREADS))
    backends = await asyncio.gather(*asked)
    assert await executors.run_in_db_pool(work) == 1


async def test_a_read_that_was_half_done_is_done_again(owner: User) -> None:
    ended: list[int] = []

    def work() -> int:
        assert User.objects.exists()
        if not ended:
            ended.append(1)
            end_connection()
        return User.objects.count()

    assert await executors.run_in_db_pool(work) == 1


async def test_a_read_is_not_done_again_after_something_was_written(owner: User) -> None:
    done: list[int] = []

    def work() -> int:
        done.append(1)
        Room.objects.create(kind="private", name="Once")
        end_connection()
        return User.objects.count()

    with pytest.raises(Error):
        await executors.run_in_db_pool(work)
    assert len(done) == await Room.objects.filter(name="Once").acount() == 1
