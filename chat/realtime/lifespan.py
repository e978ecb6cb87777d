"""What a server tells the application of its own start and end."""

import asyncio
from typing import Any

import structlog

from chat.due.worker import DueWorker
from chat.followers.worker import FollowerWorker
from chat.realtime import hub
from mediachat.monitoring import disk
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

DISK_TIMEOUT_SECONDS = 3.0
"""Seconds to wait for a disk, which may be in the network, before serving without it."""


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Looks at the disk when the server starts, which ``/healthz`` and ``/metrics`` tell of, and
    begins to do what is due and to follow the logs. When it stops, after it has closed all
    sockets, stores what waits."""
    due, followers = DueWorker(), FollowerWorker()
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await _look_at_disk()
            due.start()
            followers.start()
        elif event["type"] == "lifespan.shutdown":
            await followers.stop()
            await due.stop()
            await hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": f"{event['type']}.complete"})


async def _look_at_disk() -> None:
    try:
        async with asyncio.timeout(DISK_TIMEOUT_SECONDS):
            await asyncio.to_thread(disk.look)
    except (OSError, TimeoutError) as error:
        logger.warning("disk_unknown", error=reason(error))
