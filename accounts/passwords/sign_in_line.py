"""Admits a few requests at a time to the pages that hash a password; the others wait in a queue.

Django gives each request a thread, a database connection and everything that belongs to them. A
hundred requests that wait for a hash there would slow everyone else down. This queue holds them
before that, as tasks of the event loop, and refuses at once those that do not fit.
"""

import asyncio
import json
import re
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string

from mediachat.addresses import client_address, networks
from mediachat.http.origins import is_editors

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

TURNS = 2
"""Requests of a process that are worked on at once: one hashes, the other asks the database."""
PLACES = 64
"""Requests of a process that wait: an office that comes in at once, and two or three seconds of
work."""
WAIT = 10.0
"""Seconds after which one who waits is refused."""
RETRY_AFTER = 3
"""Retry-After in seconds of a refusal."""
REFUSAL_AFTER = 0.5
"""Seconds before which a sign-in is not refused: the time must not reveal whether the name exists,
though a password that was hashed long ago takes longer to compare than one of today."""

PAGES = re.compile(
    r"/accounts/(?:login|signup|password|reauthenticate|2fa|first-administrator)/"
    r"|/_allauth/\w+/v1/(?:auth|account)/"
    r"|/admin/(?:login|accounts/user)/"
)
"""Where a POST may have to hash. ``hashers`` bounds whatever is not named here."""
SIGN_IN = re.compile(r"/accounts/login/|/_allauth/\w+/v1/auth/login")
BUSY = "Many people are signing in at this moment. Wait a few seconds, then try again."


class LineFull(Exception):
    """The queue is full, or the turn did not come in time."""


class FairLine:
    """A few turns and a queue for them: networks take turns, each in the order of its requests.

    A network that fills the queue only delays itself, and its last requests make room for others.
    """

    def __init__(self, *, turns: int = TURNS, places: int = PLACES) -> None:
        self._free = turns
        self._places = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def ask(self, network: str) -> "asyncio.Future[None]":
        """Returns a future that is done when the turn has come; call ``give_back`` after it.

        It fails with ``LineFull`` if another request displaced this one.

        Raises:
            LineFull: there is no room.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._free:
            self._free -= 1
            turn.set_result(None)
            return turn
        if sum(map(len, self._waiting.values())) >= self._places:
            self._make_room(len(self._waiting.get(network, ())))
        self._waiting.setdefault(network, deque()).append(turn)
        return turn

    def _make_room(self, own: int) -> None:
        longest = max(self._waiting, key=lambda network: len(self._waiting[network]))
        if len(self._waiting[longest]) <= own + 1:
            raise LineFull
        self._waiting[longest].pop().set_exception(LineFull())

    def leave(self, network: str, turn: "asyncio.Future[None]") -> None:
        """Removes the request from the queue."""
        if not turn.done():
            self._waiting[network].remove(turn)
            if not self._waiting[network]:
                del self._waiting[network]
        elif turn.exception() is None:
            self.give_back()

    def give_back(self) -> None:
        """Ends the turn and gives it to the next network's first request."""
        if not self._waiting:
            self._free += 1
            return
        network, turns = self._waiting.popitem(last=False)
        turns.popleft().set_result(None)
        if turns:
            self._waiting[network] = turns


class SignInLine:
    """Wraps an ASGI application. Layers that read a body must bound its size and time
    before this.
    """

    def __init__(self, app: App, *, line: FairLine | None = None, wait: float = WAIT) -> None:
        self.app = app
        self._line = line or FairLine()
        self._wait = wait

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST" or not PAGES.match(scope["path"]):
            await self.app(scope, receive, send)
            return
        # Read the whole body first, so that a slow sender delays nobody else.
        body = await _body(receive)
        if body is None:
            return
        _, network = networks(client_address(scope))
        # After the body, the only event is the disconnect.
        gone = asyncio.ensure_future(receive())
        try:
            if await self._turn_comes(network, gone):
                await self._answer(scope, body, gone, send)
            elif not gone.done():
                await _refuse(scope, send)
        finally:
            gone.cancel()

    async def _turn_comes(self, network: str, gone: "asyncio.Future[Event]") -> bool:
        try:
            turn = self._line.ask(network)
        except LineFull:
            return False
        try:
            await asyncio.wait(
                (turn, gone), timeout=self._wait, return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            self._line.leave(network, turn)
            raise
        if turn.done() and turn.exception() is None and not gone.done():
            return True
        self._line.leave(network, turn)
        return False

    async def _answer(
        self, scope: Any, body: bytes, gone: "asyncio.Future[Event]", send: Send
    ) -> None:
        began = time.monotonic()
        events: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]
        has_turn = True

        def give_back() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._line.give_back()

        async def receive_again() -> Event:
            return events.pop() if events else await gone

        async def send_in_time(event: Event) -> None:
            if event["type"] == "http.response.start":
                # The rest needs no hash, and must not wait for a slow peer.
                give_back()
                if event["status"] in (200, 400) and SIGN_IN.match(scope["path"]):
                    await asyncio.sleep(began + REFUSAL_AFTER - time.monotonic())
            await send(event)

        try:
            await self.app(scope, receive_again, send_in_time)
        finally:
            give_back()


async def _body(receive: Receive) -> bytes | None:
    """Returns the whole body, or None if the peer disconnected before its end."""
    parts = []
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        parts.append(event.get("body", b""))
        more = event.get("more_body", False)
    return b"".join(parts)


def busy_answer(path: str) -> tuple[bytes, str]:
    """Returns the body of a 429 response, and its content type."""
    if path.startswith("/_allauth/"):
        error = {"message": BUSY, "code": "rate_limited"}
        answer = {"status": 429, "code": "rate_limited", "detail": BUSY, "errors": [error]}
        return json.dumps(answer).encode(), "application/json"
    return _busy_page(), "text/html; charset=utf-8"


@lru_cache(1)
def _busy_page() -> bytes:
    return render_to_string("429.html", {"busy": BUSY}).encode()


async def _refuse(scope: Any, send: Send) -> None:
    body, content_type = busy_answer(scope["path"])
    headers = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Retry-After": str(RETRY_AFTER),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
        "frame-ancestors 'none'",
    }
    origin = dict(scope["headers"]).get(b"origin", b"").decode("latin-1")
    if scope["path"].startswith("/_allauth/app/") and is_editors(origin):
        # Otherwise an editor in a browser would report that the server is unreachable
        # (mediachat.http.cors).
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "Retry-After",
            "Vary": "Origin",
        }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 429, "headers": lines})
    await send({"type": "http.response.body", "body": body})
