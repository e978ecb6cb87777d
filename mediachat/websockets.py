"""uvicorn's websockets with a short way for a frame that goes to many, less to hold, and an end
that loses nothing.

Most connections say nothing most of the time, so what one of them holds is what bounds their
number.
"""

import asyncio
import random
import struct
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

TEXT = 0x81
"""The first byte of a frame that is a whole text."""
LEAVING_A_SECOND = 50
"""How many peers are sent away in a second when the server stops: what the others, to which they
all come, take in beside their work."""
LEAVING_LIMIT = 6.0
"""Seconds after which all have been sent away, however many there are. ``make serve`` gives a
server ten to end."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """The server's frames are not masked, so a text is the same bytes for everyone.

    uvicorn makes them anew for each peer, which costs as much as the system call that sends
    them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # asyncio's own take 3.8 KB with their five deques, nearly always empty.
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]

    async def send(self, message: Any) -> None:
        """Sends as uvicorn does, and lets go of what only the handshake needed."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            # Several kilobytes with a browser's headers and cookies. The application's copies
            # of the scope share this list.
            self.scope["headers"].clear()  # type: ignore[attr-defined]
            del self.request, self.response

    def shutdown(self) -> None:
        """The server stops: has the consumer answer what has come so far, and close then.

        uvicorn would close all at once, with what was being stored unanswered, and all peers
        would come back at once.
        """
        if not self.handshake_complete or self.disconnected or self.close_sent:
            super().shutdown()
            return
        within = min(LEAVING_LIMIT, len(self.connections) / LEAVING_A_SECOND)
        restart: Any = {"type": "websocket.restart"}
        self.loop.call_later(
            random.uniform(0, within),  # noqa: S311
            self.queue.put_nowait,
            restart,
        )

    def write_text(self, message: dict[str, Any]) -> bool:
        """Writes this ``websocket.send`` now, if nothing has to be waited for or negotiated.

        Its bytes are kept in it for the next peer. False: it has to go through ``send``.
        """
        if (
            not self.handshake_complete
            or self.disconnected
            or self.close_sent
            or self.conn.state is not State.OPEN
            or self.conn.extensions
            or not self.writable.is_set()
        ):
            return False
        if "wire" not in message:
            message["wire"] = _frame(message["text"].encode())
        self.transport.write(message["wire"])
        return True


class Gate:
    """What uvicorn uses of ``asyncio.Event``, open at first."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self._opened is None

    def set(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None and not opened.done():
            opened.set_result(None)

    def clear(self) -> None:
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()

    async def wait(self) -> bool:
        while self._opened is not None:
            # Shielded: whoever gives up waiting does so alone.
            await asyncio.shield(self._opened)
        return True


class Inbox:
    """What uvicorn uses of ``asyncio.Queue``: any number of events, one reader."""

    __slots__ = ("_new", "_next", "_reader")

    def __init__(self) -> None:
        self._new: list[Any] = []
        self._next: list[Any] = []
        """What is read before ``_new``, the first last: one read of the network can bring
        thousands of frames, and taking the first of a list would cost as many moves."""
        self._reader: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        return not self._new and not self._next

    def put_nowait(self, event: Any) -> None:
        self._new.append(event)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        while self.empty():
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if not self._next:
            self._next, self._new = self._new[::-1], []
        return self._next.pop()


def _frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", TEXT, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", TEXT, 126, size) + payload
    return struct.pack("!BBQ", TEXT, 127, size) + payload
