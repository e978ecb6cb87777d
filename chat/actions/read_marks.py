"""Stores how far people have read, for many of them in one batch."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from uuid import UUID

from django.db import OperationalError
from django.db.models import Q

from chat import broadcast, protocol, serializers
from chat.message_log.compiled_queries import PreparedQuery, PreparedRaise
from chat.message_log.retries import retried
from chat.models import Membership
from mediachat.databases.transactions import lock_timeout, was_not_locked

LOCK_TIMEOUT_MILLISECONDS = 200
"""Milliseconds to wait for each room's marks, once another session has been seen to hold some."""

Mark = tuple[UUID, UUID]
"""A room, and someone who reads in it."""


def move_read_marks(numbers: Mapping[Mark, int]) -> None:
    """Moves marks forward, never back, with one query and one update for all of them.

    Leaves out people who are no members, or suspended. Does not check a room's newest number; the
    caller knows it.
    """
    moved: dict[Mark, int] = {}
    versions: dict[UUID, int] = {}
    for room, user, read, members_version in _read_numbers(numbers):
        if read < numbers[room, user]:
            moved[room, user] = numbers[room, user] - read
            versions[room] = members_version
    if moved:
        try:
            retried(lambda: _move(numbers, moved, versions))
        except OperationalError as error:
            if not was_not_locked(error):
                raise
            _move_by_room(numbers, moved, versions)


def _move_by_room(
    numbers: Mapping[Mark, int], moved: Mapping[Mark, int], versions: Mapping[UUID, int]
) -> None:
    """Does the same if another session has locked some of these rows, which delays
    nobody else's.
    """
    failed: OperationalError | None = None
    with lock_timeout(LOCK_TIMEOUT_MILLISECONDS):
        for each in versions:
            part = {mark: by for mark, by in moved.items() if mark[0] == each}
            try:
                retried(lambda part=part: _move(numbers, part, versions))  # type: ignore[misc]
            except OperationalError as error:
                if not was_not_locked(error):
                    raise
                failed = error
    if failed:
        raise failed


def _move(
    numbers: Mapping[Mark, int], moved: Mapping[Mark, int], members_versions: Mapping[UUID, int]
) -> None:
    # Always in the same order, so that two processes wait for each other and never in a circle.
    _raise_read_numbers({mark: numbers[mark] for mark in sorted(moved)})
    names = serializers.usernames(user for _, user in moved)
    by_room: dict[UUID, dict[UUID, protocol.ReadEvent]] = {}
    for room, user in moved:
        number = numbers[room, user]
        event = protocol.ReadEvent.model_construct(room=room, user=names[user], number=number)
        by_room.setdefault(room, {})[user] = event
    for room, readers in by_room.items():
        grown = {user: moved[room, user] for user in readers}
        broadcast.reads_on_commit(room, members_versions[room], readers, grown)


_read_numbers: PreparedQuery[Mark] = PreparedQuery(
    lambda marks: Membership.objects.filter(
        reduce(or_, (Q(room_id=room, user_id=user) for room, user in marks)),
        user__is_active=True,
    ).values_list("room_id", "user_id", "read_number", "room__members_version")
)
_raise_read_numbers = PreparedRaise(Membership, ("room", "user"), "read_number")
