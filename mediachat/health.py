"""Whether this process can serve, for load balancers and for people who look."""

import asyncio

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import HttpRequest, JsonResponse

PATIENCE = 3.0
"""Seconds to wait for each part."""


async def health(request: HttpRequest) -> JsonResponse:
    """200 when the database and the channel layer answer; otherwise 503 and which does not."""
    for part, ask in (("database", _ask_database), ("channel layer", _ask_layer)):
        try:
            async with asyncio.timeout(PATIENCE):
                await ask()
        except Exception as error:
            # Their own words name hosts and users; the kind of error is enough to start from.
            detail = f"The {part} does not answer ({type(error).__name__})."
            return JsonResponse({"code": "server_error", "detail": detail}, status=503)
    return JsonResponse({"status": "ok"})


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
