"""A room's order: its messages by ``position``.

A new message takes the next number and the next position of its room; a change moves its
message to the next position. Each is one insert or one conditional update of one row, and the
unique indexes decide between two writers. So there are no gaps, n + 1 is never visible before
n, and nothing rests on transactions: it is the same on SQLite, PostgreSQL and MongoDB.

One thing must not happen in between: that others take the position after the head that was
read, and leave it again. SQLite has one writer at a time, PostgreSQL locks the room (``locks``),
MongoDB never gives a position twice (``chat.models.constraints``).
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Max

from chat.message_log import locks
from chat.message_log.compiled_queries import PreparedInsert
from chat.message_log.retries import Moved, retried
from chat.models import Message

_insert = PreparedInsert(Message)


def append(messages: Iterable[Message], heads: dict[UUID, tuple[int, int]]) -> list[Message]:
    """Stores new messages after the heads (position, number) of their rooms, in this order.

    Raises:
        IntegrityError: another writer was first; read the heads again.
    """
    rows = list(messages)
    for message in rows:
        position, number = heads[message.room_id]
        message.position, message.number = position + 1, number + 1
        heads[message.room_id] = message.position, message.number
    if rows:
        _insert(rows)
    return rows


def change(message_id: UUID, decide: Callable[[Message], dict[str, Any] | None]) -> Message:
    """Moves a message to its room's next position with the fields that ``decide`` returns.

    ``decide`` is asked again whenever the message changed meanwhile; it returns None when there
    is nothing to change, and may raise to refuse. The message comes back with ``changed`` set.

    Raises:
        Message.DoesNotExist: there is no such message.
    """

    is_locked = locks.has_room_of(message_id)

    def attempt() -> Message:
        nonlocal is_locked
        if not is_locked:
            locks.lock_room_of(message_id)
        is_locked = False  # where it is tried again, there are no locks
        message = Message.objects.select_related("sender", "room").get(pk=message_id)
        fields = decide(message)
        message.changed = fields is not None
        if fields is None:
            return message
        head = Message.objects.filter(room=message.room_id).aggregate(head=Max("position"))["head"]
        here = Message.objects.filter(pk=message.pk, position=message.position)
        if not here.update(position=head + 1, **fields):
            raise Moved
        for name, value in {**fields, "position": head + 1}.items():
            setattr(message, name, value)
        return message

    return retried(attempt)
