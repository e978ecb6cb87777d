"""Serves below a path of the host, such as ``https://example.org/chat/`` (``URL_PREFIX``)."""

from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

WATCHED = ("/healthz", "/metrics")
"""Answered without the path, too: what watches a server asks it past the proxy."""


class BelowPrefix:
    """Removes the prefix, so that all routing sees one form of each address."""

    def __init__(self, application: Application, prefix: str) -> None:
        self.application = application
        self.prefix = prefix

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            path = scope["path"]
            if path.startswith(f"{self.prefix}/"):
                path = path.removeprefix(self.prefix)
                scope = scope | {"path": path, "root_path": self.prefix}
            elif path not in WATCHED:
                return await _refuse(scope["type"], receive, send)
        return await self.application(scope, receive, send)


class WithPrefix:
    """Restores the prefix for Django and Channels, which remove it themselves and need it for links
    and redirects.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if prefix := scope.get("root_path"):
            scope = scope | {"path": prefix + scope["path"]}
        await self.application(scope, receive, send)


async def _refuse(kind: str, receive: Receive, send: Send) -> None:
    if kind == "websocket":
        await receive()
        return await send({"type": "websocket.close"})
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    return await send({"type": "http.response.body", "body": b""})
