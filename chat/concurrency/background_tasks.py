"""Runs background tasks and keeps them alive."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)


class BackgroundTasks:
    """Holds references to background tasks, which the event loop alone would not keep alive."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs this in the running loop; errors are logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)

    def cancel(self) -> None:
        """Cancels all of them."""
        for task in self._running:
            task.cancel()

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("task_failed", error=reason(error), exc_info=error)
