"""Refuses bodies that are too large, or of people who are not signed in, before storing any of
them.

Django writes a request's whole body to disk before a view runs, so the view's own checks come too
late: anyone could fill the disk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from io import BytesIO
from typing import Any
from typing import Protocol as Interface

from django.core.handlers.asgi import ASGIRequest
from django.http import JsonResponse

from mediachat.http.cors import opened

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

MIB = 1024 * 1024
DEFAULT_LIMIT = MIB
"""Bytes that an address takes of which nothing else is said."""
SMALL = 64 * 1024
"""Bytes that anybody may send. Larger bodies are for those who are signed in."""
HELD_LIMIT = 32 * MIB
"""Bytes of unfinished small bodies that are kept in memory at once."""
MULTIPART = 64 * 1024
"""What a form adds around a file, in bytes."""
LINGER = 30.0
"""Seconds for which the rest of a refused body is taken in and dropped."""


class Refused(Exception):
    """The body is refused; carries the response, in the format of the API's errors."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        """Seconds after which it may be sent again; 0: it is of no use to."""


class Upload(Interface):
    """A large body that a person may send."""

    def grow(self, size: int) -> None:
        """Reports bytes beyond the declared length.

        Raises:
            Refused: it is too much for this person.
        """

    def end(self) -> None:
        """Ends the upload: it is stored, or abandoned."""


Admit = Callable[[Scope, int | None], Awaitable[Upload]]
"""Asks who sends a large body, of so many bytes if it says so, and raises ``Refused``."""


class BodyLimit:
    """Wraps an ASGI application; ``limits`` lists the addresses that accept more than 1 MiB."""

    def __init__(
        self,
        app: Callable[[Any, Any, Any], Awaitable[None]],
        *,
        limits: Mapping[str, int],
        admit: Admit,
    ) -> None:
        self.app = app
        self.limits = limits
        self.admit = admit
        self.held = 0
        """Bytes of unfinished small bodies in memory."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self.limits.get(scope["path"].rstrip("/"), DEFAULT_LIMIT)
        body = _Body(self, scope, receive, send, limit)
        try:
            await body.begin()
            await self.app(scope, body.receive, body.send)
        except Refused as refusal:
            if not body.is_answered:
                await _refuse(scope, receive, send, refusal, ended=body.has_ended)
        finally:
            body.let_go()


class _Body:
    """Passes the body of one request on to the application."""

    __slots__ = (
        "_declared",
        "_held",
        "_limit",
        "_limits",
        "_received",
        "_scope",
        "_take",
        "_tell",
        "_upload",
        "has_ended",
        "is_answered",
    )

    def __init__(
        self, limits: BodyLimit, scope: Scope, receive: Receive, send: Send, limit: int
    ) -> None:
        self._limits = limits
        self._scope = scope
        self._take = receive
        self._tell = send
        self._limit = limit
        self._declared = _declared(scope)
        self._upload: Upload | None = None
        self._received = self._held = 0
        self.has_ended = self.is_answered = False

    async def begin(self) -> None:
        """Makes the checks that need none of the body."""
        if self._declared is None or self._declared <= SMALL:
            return
        if self._declared > self._limit:
            raise _too_large(self._limit)
        self._upload = await self._limits.admit(self._scope, self._declared)

    async def receive(self) -> Event:
        # A chunked body declares no length, and a declared length may be false.
        event = await self._take()
        self.has_ended = not event.get("more_body")
        if event["type"] == "http.request":
            await self._count(len(event.get("body", b"")))
        return event

    async def _count(self, size: int) -> None:
        self._received += size
        if self._received > self._limit:
            raise _too_large(self._limit)
        if self._upload is None:
            if self._received > SMALL:
                self._upload = await self._limits.admit(self._scope, None)
                self._upload.grow(self._received)
                self._hold(-self._held)
            elif not self.has_ended:
                # A body in one piece, as nearly all are, is never refused because of other
                # unfinished bodies.
                self._hold(size)
        elif self._declared is None:
            self._upload.grow(size)

    def _hold(self, size: int) -> None:
        self._held += size
        self._limits.held += size
        if size > 0 and self._limits.held > HELD_LIMIT:
            raise Refused(
                429,
                "rate_limited",
                "The server is taking in too much at once. Try again in some seconds.",
                retry_after=5,
            )

    async def send(self, event: Event) -> None:
        self.is_answered = True
        await self._tell(event)

    def let_go(self) -> None:
        self._hold(-self._held)
        if self._upload is not None:
            self._upload.end()


def _declared(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


def _too_large(limit: int) -> Refused:
    return Refused(
        413, "too_large", f"This is too large: at most {limit // MIB} MB can be sent here."
    )


async def _refuse(
    scope: Scope, receive: Receive, send: Send, refusal: Refused, *, ended: bool
) -> None:
    response = JsonResponse(
        {"code": refusal.code, "detail": refusal.detail},
        status=refusal.status,
        headers={"Cache-Control": "no-store", "Connection": "close"},
    )
    response["Content-Length"] = len(response.content)
    if refusal.retry_after:
        response["Retry-After"] = refusal.retry_after
    # Django has not seen the request; an editor in a browser must be able to read this response
    # too.
    opened(ASGIRequest(scope, BytesIO()), response)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content, "more_body": True})
    # A client that is cut off while it sends may never see the response: a browser reports a
    # network error, and a proxy blames this server.
    try:
        async with asyncio.timeout(LINGER):
            while not ended:
                ended = not (await receive()).get("more_body")
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})
