"""Gathers read marks for a moment and stores them together, after the messages.

In a room of two hundred each message is read two hundred times, and a transaction for each
would cost many times what writing the message does. What waits here is lost if the process
dies: no promise covers it, and people read on.
"""

import asyncio
from itertools import islice
from uuid import UUID

from chat.actions.read_marks import Mark, move_read_marks
from chat.concurrency.executors import run_in_log_thread

GATHER = 0.1
"""Seconds between two writes while many read."""
GATHER_FIRST = 0.02
"""Seconds for which the first one waits: those who read the same message come together."""
BATCH = 200
"""The most in one transaction, which a message may have to wait for: some 5 ms."""


class ReadMarks:
    """The marks of one process that are not stored yet. All runs in the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Mark, int] = {}
        self._readers: set[UUID] = set()
        """Those who have marks that wait or are being written."""
        self._stored: asyncio.Future[None] = self._loop.create_future()
        """Ends when what waits is stored, and ``_writing`` when what is being written is."""
        self._writing: asyncio.Future[None] | None = None
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._written_at = 0.0

    def move(self, room: UUID, user: UUID, number: int) -> "asyncio.Future[None]":
        """Moves a member's mark up to this number, which the room has.

        The future ends when it is stored, with the error if it could not be. It is shared with
        others: do not cancel it.
        """
        self._waiting[room, user] = max(number, self._waiting.get((room, user), 0))
        self._readers.add(user)
        if self._task is None:
            self._task = self._loop.create_task(self._run())
        return self._stored

    async def flush(self) -> None:
        """Stores at once what waits, and ends when that is done, whether it could be or not."""
        rounds = [self._stored] if self._waiting else []
        if self._writing is not None:
            rounds.append(self._writing)
        if rounds:
            self._hurry.set()
            await asyncio.wait(rounds)

    async def flush_of(self, user: UUID) -> None:
        """The same where this person has marks that wait, so that they find what they read."""
        if user in self._readers:
            await self.flush()

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                await self._write()
        finally:
            self._task = None

    async def _gather(self) -> None:
        wait = max(GATHER_FIRST, self._written_at + GATHER - self._loop.time())
        try:
            async with asyncio.timeout(wait):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()

    async def _write(self) -> None:
        marks, self._waiting = self._waiting, {}
        stored, self._stored = self._stored, self._loop.create_future()
        self._writing = stored
        left = iter(marks.items())
        try:
            while batch := dict(islice(left, BATCH)):
                await run_in_log_thread(move_read_marks, batch)
        except Exception as error:
            stored.set_exception(error)
            stored.exception()  # those who asked may have gone
        else:
            stored.set_result(None)
        finally:
            self._writing = None
            self._written_at = self._loop.time()
            self._readers = {user for _, user in self._waiting}
