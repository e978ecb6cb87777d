"""A room's order: its messages by ``position``.

A new message takes the next number and the next position of its room; a change moves its
message to the next position. Each is one insert or one conditional update of one row, and the
unique indexes decide between two writers. So there are no gaps, n + 1 is never visible before
n, and nothing rests on transactions: it is the same on SQLite, PostgreSQL and MongoDB.

One thing must not happen in between: that others take the position after the head that was
read, and leave it again. SQLite has one writer at a time, PostgreSQL locks the room (``lock``),
MongoDB never gives a position twice (``chat.models.constraints``).
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from chat.concurrency.executors import run_in_log_thread
from chat.message_log.compiled_queries import PreparedInsert
from chat.message_log.precedence import precedence
from chat.models import Message, Room
from mediachat.databases import transactions
from mediachat.monitoring.logs import reason
from mediachat.monitoring.metrics import COMMIT_FAILURES, COMMIT_SECONDS, COMMITTED

TRYING = 20.0
"""Seconds for which a writer tries again after another took its position."""
LOSSES = 3
"""How often it loses before it claims to go first."""
OTHER_FAILURES = 3
"""How often it tries again what breaks another constraint, such as a room that is deleted at this
moment."""
BATCH = 500
"""The most changes in one commit."""

T = TypeVar("T")


def now() -> datetime:
    """The time for what is stored: in milliseconds, which every database keeps."""
    time = timezone.now()
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def lock(rooms: Collection[UUID]) -> None:
    """Locks these rooms: nobody else writes to their logs until the transaction ends.

    MongoDB has no such locks. There this waits for processes that claimed precedence.

    Always in the same order, so that two batches wait for each other and never in a circle.
    """
    if connection.features.has_select_for_update:
        _lock(Room.objects.filter(pk__in=rooms))
    elif connection.vendor == "mongodb":
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


def _lock_room_of(message: UUID) -> None:
    if connection.features.has_select_for_update:
        _lock(Room.objects.filter(messages=message))
    elif connection.vendor == "mongodb":
        precedence.respect(rooms_of([message]).values())


def _lock(rooms: QuerySet[Room]) -> None:
    locked = rooms.select_for_update(of=("self",), no_key=True)
    list(locked.order_by("pk").values_list("pk"))


def rooms_of(messages: Collection[UUID]) -> dict[UUID, UUID]:
    """The rooms in which these messages stand."""
    return dict(Message.objects.filter(pk__in=messages).values_list("pk", "room_id"))


def retried(work: Callable[[], T]) -> T:
    """Does this again, from reading on, for as long as others take the positions it wanted.

    Raises:
        IntegrityError: it lost for ``TRYING`` seconds, or broke another constraint each time.
    """
    end = time.monotonic() + TRYING
    losses = other_failures = 0
    try:
        while True:
            try:
                return transactions.retried(_whole, work)
            except IntegrityError as error:
                if _has_lost(error):
                    losses += 1
                else:
                    other_failures += 1
                if other_failures >= OTHER_FAILURES or time.monotonic() > end:
                    raise
            if losses >= LOSSES:
                precedence.claim()
            else:
                time.sleep(random.uniform(0, 0.002 * (losses + 1)))  # noqa: S311
    finally:
        precedence.end()


def _has_lost(error: IntegrityError) -> bool:
    """Whether somebody else was first, in the words of the three databases."""
    said = reason(error).lower()
    return "unique" in said or "duplicate key" in said or isinstance(error, Moved)


class Moved(IntegrityError):
    """A message has left the position at which it was read."""


def _whole(work: Callable[[], T]) -> T:
    with transaction.atomic():
        return work()


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

    is_locked = message_id in _locked.messages

    def attempt() -> Message:
        nonlocal is_locked
        if not is_locked:
            _lock_room_of(message_id)
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


J = TypeVar("J")
R = TypeVar("R")


class GroupCommit(Generic[J, R]):
    """Commits together what came in while the last commit ran.

    A commit waits for the disk, and fifty messages wait no longer than one. Nobody waits for a
    batch to fill up: when nothing is under way the first job starts at once.

    ``work`` takes a batch of jobs in one thread and returns their results in the same order,
    each a value or an exception; what it raises itself is raised for the whole batch.
    """

    def __init__(self, work: Callable[[Sequence[J]], Sequence[R | Exception]]) -> None:
        self._work = work
        self.loop = asyncio.get_running_loop()
        self._waiting: list[tuple[J, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    def submit(self, job: J) -> "asyncio.Future[R]":
        """The result of this job, once it has been committed, in the order of submission."""
        future: asyncio.Future[R] = self.loop.create_future()
        self._waiting.append((job, future))
        if self._task is None:
            self._task = self.loop.create_task(self._run())
        return future

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._gathered()
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                await self._commit(batch)
        finally:
            self._task = None

    async def _gathered(self) -> None:
        """Takes in what has come already: it costs turns of the loop, and no time when quiet."""
        count = 0
        while count < len(self._waiting) < BATCH:
            count = len(self._waiting)
            await asyncio.sleep(0)

    async def _commit(self, batch: list[tuple[J, "asyncio.Future[R]"]]) -> None:
        results: Sequence[R | Exception]
        COMMITTED.inc(len(batch))
        try:
            with COMMIT_SECONDS.time():
                results = await run_in_log_thread(self._work, [job for job, _ in batch])
        except Exception as error:
            COMMIT_FAILURES.inc()
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue  # whoever asked has gone; the message is stored all the same
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
