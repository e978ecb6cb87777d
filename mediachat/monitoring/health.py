"""Whether this process can serve, for load balancers and for people who look."""

import asyncio
from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import HttpRequest, JsonResponse

from mediachat.monitoring import disk

CHECK_TIMEOUT_SECONDS = 3.0
"""Seconds to wait for each part."""


NO_FILES = "The disk is nearly full (FREE_DISK_MB): messages are stored, and files are refused."
DEGRADED = "Messages are stored, and reach the people of other servers with the next heartbeat."


async def health(request: HttpRequest) -> JsonResponse:
    """200 while this process can serve; otherwise 503 and why.

    Without its channel layer it can: all processes lose theirs at once, and a load balancer that
    took them all away would make of a delay an outage. ``status`` says so, and that no files are
    taken.
    """
    if missing := await _missing("database", _ask_database):
        return JsonResponse({"code": "server_error", "detail": missing}, status=503)
    if missing := await _missing("channel layer", _ask_layer):
        return JsonResponse({"status": "degraded", "detail": f"{missing} {DEGRADED}"})
    if disk.was_full():
        return JsonResponse({"status": "degraded", "detail": NO_FILES})
    return JsonResponse({"status": "ok"})


async def _missing(part: str, ask: Callable[[], Awaitable[None]]) -> str | None:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await ask()
    except Exception as error:
        # Their own words name hosts and users; the kind of error is enough to start from.
        return f"The {part} does not answer ({type(error).__name__})."
    return None


async def _ask_database() -> None:
    # A thread of its own: the shared one may be what is stuck.
    await sync_to_async(_query, thread_sensitive=False)()


def _query() -> None:
    try:
        ContentType.objects.exists()
    finally:
        connection.close()


async def _ask_layer() -> None:
    # Nobody listens; a layer in Redis still has to answer.
    await get_channel_layer().group_send("health", {"type": "health"})
