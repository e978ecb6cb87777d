"""Limits each network address's HTTP requests before the person is known.

Once a request turns out to be a person's, the person pays and the address is refunded: an office
shares one address, and its people must not block each other. If the address has used up its
allowance, each valid session there gets as much again. Sessions are looked up only then, since that
costs a query.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, parse_cookie

from accounts.sessions.signed_in import TOKEN_HEADER
from accounts.sessions.store import key_of
from chat.runtime import runtime_of
from chat.throttling import prices
from chat.throttling.rate_limits import RateLimiter, RateLimiters
from mediachat.addresses import client_address, networks
from mediachat.redis.scripts import shared

REFUND = "chat.api.address_limits"
"""Where a request's scope has what gives the address back what it has paid."""
RETRY_AFTER = 2
"""Retry-After in seconds of a refusal."""
DETAIL = "Too much was asked for from your network at once. Wait a few seconds and try again."

Event = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
Send = Callable[[Event], Awaitable[None]]


class AddressLimit:
    """Wraps an ASGI application."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._addresses: RateLimiters | None = None

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        door = prices.of_request(scope["method"], scope["path"])
        if door.units:
            allowance = self._of(networks(client_address(scope))[0])
            if not await allowance.pay(door.units):
                owner = await _owner(scope)
                if owner is None:
                    await _refuse(send)
                    return
                allowance = self._of(owner.hex)
                if not await allowance.pay(door.units):
                    await _refuse(send)
                    return
            scope[REFUND] = lambda: allowance.owe(-door.units)
        await self._app(scope, receive, send)

    def _of(self, network: str) -> RateLimiter:
        if self._addresses is None:
            self._addresses = RateLimiters(
                shared(),
                "requests",
                burst=settings.ADDRESS_BURST,
                rate=settings.ADDRESS_PER_SECOND,
            )
        return self._addresses.of(network)


def paid_by_person(request: HttpRequest) -> None:
    """Refunds the address for this request."""
    refund = getattr(request, "scope", {}).pop(REFUND, None)
    if refund is not None:
        refund()


async def _owner(scope: Any) -> UUID | None:
    """Returns the owner of this request's session, from one query for many sessions."""
    headers = dict(scope["headers"])
    token = headers.get(TOKEN_HEADER.lower().encode(), b"").decode("latin-1")
    if not token:
        cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        token = cookies.get(settings.SESSION_COOKIE_NAME, "")
    connects = runtime_of(scope).limits.connects
    session = await connects.session(key_of(token)) if token else None
    return None if session is None else session.owner


async def _refuse(send: Send) -> None:
    body = json.dumps({"code": "rate_limited", "detail": DETAIL}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(RETRY_AFTER).encode()),
        (b"cache-control", b"no-store"),
        # The rest of its body is not read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
