"""Locks rooms while their logs are written."""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from chat.message_log.precedence import precedence
from chat.models import Message, Room
from mediachat.databases import capabilities


def lock(rooms: Collection[UUID]) -> None:
    """Locks these rooms: nobody else writes to their logs until the transaction ends.

    MongoDB has no such locks. There this waits for processes that claimed precedence.

    Always in the same order, so that two batches wait for each other and never in a circle.
    """
    can = capabilities.of(connection)
    if can.locks_rows:
        _lock(Room.objects.filter(pk__in=rooms))
    elif can.writes_meet:
        precedence.respect(rooms)


@contextmanager
def locked_rooms_of(messages: Collection[UUID]) -> Iterator[None]:
    """Locks the rooms of many messages at once, for all that is changed of them in here."""
    rooms = rooms_of(messages)
    lock(set(rooms.values()))
    _locked.messages = rooms.keys()
    try:
        yield
    finally:
        _locked.messages = ()


class _Locked(threading.local):
    messages: Collection[UUID] = ()


_locked = _Locked()


def has_room_of(message: UUID) -> bool:
    """Whether this thread has locked the room of a message with those of many."""
    return message in _locked.messages


def lock_room_of(message: UUID) -> None:
    """The same as ``lock`` for the room of one message."""
    can = capabilities.of(connection)
    if can.locks_rows:
        _lock(Room.objects.filter(messages=message))
    elif can.writes_meet:
        precedence.respect(rooms_of([message]).values())


def _lock(rooms: QuerySet[Room]) -> None:
    locked = rooms.select_for_update(of=("self",), no_key=True)
    list(locked.order_by("pk").values_list("pk"))


def rooms_of(messages: Collection[UUID]) -> dict[UUID, UUID]:
    """The rooms in which these messages stand."""
    return dict(Message.objects.filter(pk__in=messages).values_list("pk", "room_id"))
