"""Reports whether this process can serve, for load balancers and for people."""

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
    """Answers 200 while this process can serve; otherwise 503 with the reason.

    It can serve without its channel layer: all processes lose that at once, and a load balancer
    that removed them all would turn a delay into an outage. ``status`` reports that, and if uploads
    are refused.
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
        # The messages contain hosts and users; the kind of error suffices.
        return f"The {part} does not answer ({type(error).__name__})."
    return None


async def _ask_database() -> None:
    # A thread of its own: the shared one may be blocked.
    await sync_to_async(_query, thread_sensitive=False)()


def _query() -> None:
    try:
        ContentType.objects.exists()
    finally:
        connection.close()


async def _ask_layer() -> None:
    # No subscriber; a layer in Redis still has to answer.
    await get_channel_layer().group_send("health", {"type": "health"})
