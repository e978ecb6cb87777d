"""Batches concurrent reads into one query."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

BATCH = 500
"""The most that one read is asked for, so that nobody waits long behind it."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BatchLoader(Generic[K, V]):
    """Collects the keys requested during one read and loads them with the next.

    When everyone reconnects after a restart, a query costs more than its rows. Nobody waits for
    others to arrive: if no read is running, one begins at once, after a pause of ``rest`` seconds
    since the last. Each result comes from a read that began after the call.
    """

    def __init__(
        self, read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], *, rest: float = 0.0
    ) -> None:
        self._read = read
        self._rest = rest
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, *keys: K) -> list[V]:
        """Loads the values of these keys; raises the read's error."""
        loop = asyncio.get_running_loop()
        for key in keys:
            if key not in self._waiting:
                self._waiting[key] = loop.create_future()
        answers = [self._waiting[key] for key in keys]
        if answers and self._task is None:
            self._task = loop.create_task(self._run())
        # Shielded, since others may wait for the same.
        return [await asyncio.shield(answer) for answer in answers]

    async def _run(self) -> None:
        try:
            while self._waiting:
                asked = dict(islice(self._waiting.items(), BATCH))
                for key in asked:
                    del self._waiting[key]
                await self._answer(asked)
                if self._rest:
                    await asyncio.sleep(self._rest)
        finally:
            self._task = None

    async def _answer(self, asked: Mapping[K, "asyncio.Future[V]"]) -> None:
        try:
            found = await self._read(list(asked))
            answers = [(future, found[key]) for key, future in asked.items()]
        except Exception as error:
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # the caller may have been cancelled
            return
        for future, answer in answers:
            future.set_result(answer)
