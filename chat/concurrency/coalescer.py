"""Coalesces concurrent calls: one run at a time, and one more for calls during it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)


class Coalescer:
    """Runs ``work`` one at a time, and for each call at least once from its beginning.

    Calls during a run share the next one. So two runs never overlap, and the last one has read the
    state after the last call. ``failed`` is called if it raises: it must arrange another run.
    """

    def __init__(
        self, work: Callable[[], Coroutine[Any, Any, None]], failed: Callable[[], None]
    ) -> None:
        self._work = work
        self._failed = failed
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    def run(self) -> "asyncio.Task[None]":
        """Returns a task that ends after a run that began after this call; it never raises."""
        loop = asyncio.get_running_loop()
        if self._running is None or self._running.done():
            self._running = loop.create_task(self._run())
            return self._running
        if self._next is None:
            self._next = loop.create_task(self._run_after(self._running))
        return self._next

    async def _run_after(self, running: "asyncio.Task[None]") -> None:
        await asyncio.wait([running])
        self._running, self._next = self._next, None
        await self._run()

    async def _run(self) -> None:
        try:
            await self._work()
        except Exception as error:
            logger.error("task_failed", error=reason(error), exc_info=error)
            self._failed()
