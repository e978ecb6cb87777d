"""The server's WebSocket features that ASGI lacks.

``mediachat.server`` has it for uvicorn and for daphne. On any other server all goes through ASGI.

There is an event besides: a server that stops may send ``websocket.restart``, upon which what has
come so far is answered, and the socket closed.
"""

from collections.abc import Mapping
from typing import Any, Protocol, cast

EXTENSION = "mediachat.socket"
"""Its name in ``scope["extensions"]``
(https://asgi.readthedocs.io/en/latest/extensions.html)."""


class ServerSocket(Protocol):
    """The server's end of one websocket."""

    def write_text(self, message: dict[str, Any]) -> bool:
        """Writes this ``websocket.send`` at once, if nothing has to be waited for; neither makes a
        coroutine nor encodes for each peer what is the same for all of them.

        False: nothing was written, and it has to go through ``send``.
        """
        ...

    def abort(self) -> None:
        """Ends the connection without waiting for the peer to read what was written."""
        ...


def server_socket(scope: Mapping[str, Any]) -> ServerSocket | None:
    """That of the connection of this scope, where the server has one."""
    return cast(ServerSocket | None, (scope.get("extensions") or {}).get(EXTENSION))
