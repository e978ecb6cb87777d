"""Stores the batches of messages and changes that the group commit collects."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import (
    DataError,
    Error,
    IntegrityError,
    OperationalError,
    connection,
    transaction,
)

from chat.actions import messages
from chat.actions.drafts import Draft
from chat.message_log import locks
from chat.message_log.group_commit import GroupCommit
from chat.models import Message
from mediachat.databases.transactions import lock_timeout, retried, was_not_locked

HELD_BY_US = 0.3
"""Seconds after which a transaction of changes ends and the rest goes into the next, so that other
processes get into the same rooms in between."""
LOCK_TIMEOUT_MILLISECONDS = 200
"""Milliseconds to wait for each room of a batch, once another session has been seen to hold one
of them."""
REMEMBERED = 10.0
"""Seconds for which such a room is stored apart from the others."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one message of a room's log; it can be run again from its beginning."""

    message: UUID
    write: Callable[[], Message]


Job = Draft | Change
Result = Message | Exception
Commits = GroupCommit[Job, Message]
"""What puts jobs in line for the log; each server process has one (``chat.runtime``)."""
J = TypeVar("J", Draft, Change)


def store(jobs: Sequence[Job]) -> list[Result]:
    """Stores all new messages in one transaction, and all changes in another; a refused job does
    not affect the others.
    """
    results: dict[int, Result] = {}
    drafts = {n: job for n, job in enumerate(jobs) if isinstance(job, Draft)}
    changes = {n: job for n, job in enumerate(jobs) if isinstance(job, Change)}
    if drafts:
        results |= _stored(drafts, messages.send_messages, _rooms_of_drafts)
    if changes:
        results |= _stored(changes, _change_all, _rooms_of_changes)
    return [results[n] for n in range(len(jobs))]


def _change_all(changes: Sequence[Change]) -> list[Result]:
    results: list[Result] = []
    while len(results) < len(changes):
        results += retried(_change_some, changes[len(results) :])
    return results


@transaction.atomic
def _change_some(changes: Sequence[Change]) -> list[Result]:
    """Makes as many of these changes as possible before other processes have waited for long."""
    results: list[Result] = []
    # All rooms at once and in order. One after another, as the changes came, two processes would
    # each hold what the other waits for.
    with locks.locked_rooms_of([change.message for change in changes]):
        began = time.monotonic()
        for change in changes:
            results.append(_attempt(change))
            if time.monotonic() - began > HELD_BY_US:
                break
    if connection.features.uses_savepoints and transaction.get_rollback():
        # Django would roll all of it back at the end, and say nothing.
        raise OperationalError("a savepoint was lost, and the whole batch with it")
    return results


def _attempt(change: Change) -> Result:
    try:
        with transaction.atomic():
            return change.write()
    except (IntegrityError, DataError) as error:
        return error
    except Error:
        raise  # the database failed, and not this change: the whole transaction is tried again
    except Exception as error:
        return error


def _stored(
    jobs: Mapping[int, J],
    store_all: Callable[[Sequence[J]], Sequence[Result]],
    rooms_of: Callable[[Sequence[J]], Sequence[UUID | None]],
) -> dict[int, Result]:
    """Stores all of these together, except those for rooms that another session has locked: each of
    those separately and after the others, so that only writers to that room wait.
    """
    held = _held_by_others.known()
    rooms = dict(zip(jobs, rooms_of(list(jobs.values())), strict=True)) if held else {}
    apart = {n: job for n, job in jobs.items() if rooms.get(n) in held}
    together = {n: job for n, job in jobs.items() if n not in apart}
    results: dict[int, Result] = {}
    try:
        if together:
            results |= zip(together, store_all(list(together.values())), strict=True)
    except OperationalError as error:
        if not was_not_locked(error):
            raise
        apart = dict(jobs)
    return results | _stored_by_room(apart, store_all, rooms_of) if apart else results


def _stored_by_room(
    jobs: Mapping[int, J],
    store_all: Callable[[Sequence[J]], Sequence[Result]],
    rooms_of: Callable[[Sequence[J]], Sequence[UUID | None]],
) -> dict[int, Result]:
    by_room: defaultdict[UUID | None, dict[int, J]] = defaultdict(dict)
    for (n, job), room in zip(jobs.items(), rooms_of(list(jobs.values())), strict=True):
        by_room[room][n] = job
    results: dict[int, Result] = {}
    with lock_timeout(LOCK_TIMEOUT_MILLISECONDS):
        for room, part in by_room.items():
            try:
                results |= zip(part, store_all(list(part.values())), strict=True)
            except OperationalError as error:
                if not was_not_locked(error):
                    raise
                _held_by_others.note(room)
                results |= dict.fromkeys(part, error)
    return results


class HeldRooms:
    """The rooms that other sessions had locked a moment ago."""

    def __init__(self) -> None:
        self._until: dict[UUID | None, float] = {}

    def note(self, room: UUID | None) -> None:
        self._until[room] = time.monotonic() + REMEMBERED

    def known(self) -> set[UUID | None]:
        now = time.monotonic()
        self._until = {room: until for room, until in self._until.items() if until > now}
        return set(self._until)


_held_by_others = HeldRooms()


def _rooms_of_drafts(drafts: Sequence[Draft]) -> list[UUID | None]:
    return [draft.command.room for draft in drafts]


def _rooms_of_changes(changes: Sequence[Change]) -> list[UUID | None]:
    rooms = locks.rooms_of([change.message for change in changes])
    return [rooms.get(change.message) for change in changes]
