"""Groups many writers' jobs into shared commits."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from chat.concurrency.executors import run_in_log_thread
from mediachat.monitoring.metrics import COMMIT_FAILURES, COMMIT_SECONDS, COMMITTED

BATCH = 500
"""The most changes in one commit."""

J = TypeVar("J")
R = TypeVar("R")


class GroupCommit(Generic[J, R]):
    """Commits together the jobs that arrived while the last commit ran.

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
        """Returns the result of this job after its commit, in the order of submission."""
        future: asyncio.Future[R] = self.loop.create_future()
        self._waiting.append((job, future))
        if self._task is None:
            self._task = self.loop.create_task(self._run())
        return future

    async def finished(self) -> None:
        """Ends when all that has been submitted is stored, or could not be."""
        if self._task is not None:
            await asyncio.wait([self._task])

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
                continue  # the caller was cancelled; the message is stored all the same
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
