"""A connection that is lost in the middle of a batch takes all of the batch with it."""

import uuid

import pytest
from django.db import Error, connection, connections

from accounts.models import User
from chat import batches
from chat.actions import messages
from chat.batches import Change
from chat.models import Message, Room
from chat.protocol import ChatError, ErrorCode
from tests import databases

pytestmark = [
    pytest.mark.django_db(transaction=True),
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
