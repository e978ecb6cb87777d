"""Refuses bodies that are too large, before anything of them is kept.

Django writes a request's whole body to disk before a view sees it, so a view's own limit comes
too late: anybody could fill the disk.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

MIB = 1024 * 1024
DEFAULT_LIMIT = MIB
"""Bytes that an address takes of which nothing else is said."""
MULTIPART = 64 * 1024
"""What a form adds around a file, in bytes."""
LINGER = 30.0
"""Seconds for which the rest of a refused body is taken in and dropped."""


class TooLarge(Exception):
    """More came than this address takes."""


class BodyLimit:
    """Wraps an ASGI application; ``limits`` has the addresses that take more than 1 MiB."""

    def __init__(
        self, app: Callable[[Any, Any, Any], Awaitable[None]], *, limits: Mapping[str, int]
    ) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self.limits.get(scope["path"].rstrip("/"), DEFAULT_LIMIT)
        if _declared(scope) > limit:
            await _refuse(receive, send, limit, ended=False)
            return
        received = 0
        ended = answered = False

        async def receive_counted() -> Event:
            # A body in chunks declares nothing, and one that declares may lie.
            nonlocal received, ended
            event = await receive()
            ended = not event.get("more_body")
            if event["type"] == "http.request":
                received += len(event.get("body", b""))
                if received > limit:
                    raise TooLarge
            return event

        async def send_noted(event: Event) -> None:
            nonlocal answered
            answered = True
            await send(event)

        try:
            await self.app(scope, receive_counted, send_noted)
        except TooLarge:
            if not answered:
                await _refuse(receive, send, limit, ended=ended)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(receive: Receive, send: Send, limit: int, *, ended: bool) -> None:
    detail = f"This is too large: at most {limit // MIB} MB can be sent here."
    body = json.dumps({"code": "too_large", "detail": detail}).encode()
    start = {
        "type": "http.response.start",
        "status": 413,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": True})
    # Whoever is cut off while they still send may never see the answer: a browser says that the
    # network failed, and a proxy that we did.
    try:
        async with asyncio.timeout(LINGER):
            while not ended:
                ended = not (await receive()).get("more_body")
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})
