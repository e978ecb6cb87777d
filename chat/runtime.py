"""The runtime of a server process: created when the server starts, and stopped in order.

uvicorn signals its start and end to the application (ASGI's lifespan), which puts the runtime into
the scope of each connection. daphne and test clients send no lifespan: there it is created at first
use, one per event loop. Commands and the admin need none; their changes reach the servers through
the channel layer.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import structlog
from django.http import HttpRequest

from chat import broadcast
from chat.actions import batches
from chat.actions.batches import Commits
from chat.concurrency.background_tasks import BackgroundTasks
from chat.due.worker import DueWorker
from chat.followers.worker import FollowerWorker
from chat.message_log.group_commit import GroupCommit
from chat.realtime.hub import Hub
from chat.throttling.limits import Limits
from mediachat.monitoring import disk
from mediachat.monitoring.logs import reason
from mediachat.monitoring.metrics import count_sockets
from mediachat.redis.scripts import shared

logger = structlog.get_logger(__name__)

KEY = "mediachat.runtime"
"""Its name in ``scope["state"]``."""
DISK_TIMEOUT_SECONDS = 3.0
"""Seconds to wait for a disk, which may be in the network, before serving without it."""


class Runtime:
    """The parts of the running event loop. Each gets the earlier parts that it needs."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.broadcaster = broadcast.start()
        self.commits: Commits = GroupCommit(batches.store)
        self.limits = Limits(shared())
        self.hub = Hub()
        self._background = BackgroundTasks()
        self._background.spawn(self.limits.places.run())
        count_sockets(lambda: self.limits.places.open)
        self._workers: tuple[DueWorker | FollowerWorker, ...] = ()

    def start(self) -> None:
        """Starts the background workers: due things and followers."""
        self._workers = (DueWorker(), FollowerWorker())
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """Stores and tells what still waits, after all sockets have been closed; in the reverse
        order, since each says its last through those before it."""
        for worker in reversed(self._workers):
            await worker.stop()
        await self.commits.finished()
        await self.hub.stop()
        self._background.cancel()
        await broadcast.stop(self.broadcaster)


_current: Runtime | None = None


def current() -> Runtime:
    """Returns the running loop's runtime; creates it at the first call."""
    global _current
    if _current is None or _current.loop is not asyncio.get_running_loop():
        _current = Runtime()
    return _current


def runtime_of(source: Mapping[str, Any] | HttpRequest) -> Runtime:
    """Returns the runtime of the server to which this connection (its scope) or request came."""
    scope = getattr(source, "scope", {}) if isinstance(source, HttpRequest) else source
    made = (scope.get("state") or {}).get(KEY)
    return cast(Runtime, made) if made is not None else current()


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Makes the runtime when the server starts, and stops it when the server does. The disk is
    looked at first, of which ``/healthz`` and ``/metrics`` tell."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await _look_at_disk()
            made = current()
            made.start()
            if "state" in scope:
                scope["state"][KEY] = made
        elif event["type"] == "lifespan.shutdown":
            await runtime_of(scope).stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": f"{event['type']}.complete"})


async def _look_at_disk() -> None:
    try:
        async with asyncio.timeout(DISK_TIMEOUT_SECONDS):
            await asyncio.to_thread(disk.look)
    except (OSError, TimeoutError) as error:
        logger.warning("disk_unknown", error=reason(error))
