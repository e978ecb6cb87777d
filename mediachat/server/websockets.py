"""uvicorn's WebSockets with fast broadcast, less memory per connection, and a close that loses
nothing.

Most connections are idle most of the time, so the memory of one bounds their number.
"""

import asyncio
import random
import struct
from time import monotonic
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from chat.protocol import CloseCode
from chat.realtime.server_socket import EXTENSION
from chat.throttling.rate_limits import Bucket

INVALID = 1007
"""The code that closes for a text that is not UTF-8 (RFC 6455, 7.4.1)."""
TEXT = 0x81
"""The first byte of a frame that is a whole text."""
LEAVING_A_SECOND = 50
"""How many peers are sent away in a second when the server stops: what the others, to which they
all come, take in beside their work."""
LEAVING_LIMIT = 6.0
"""Seconds after which all have been sent away, however many there are. ``make serve`` gives a
server ten to end."""
BARE_BURST = 200
BARE_PER_SECOND = 20.0
"""Frames of one peer at once, and then each second, that are no whole message: pings, pongs,
pieces, and everything after a close frame. The application never sees them, so it cannot
price them; a peer that keeps to the protocol sends few."""
PIECE = 4096
"""Bytes of which the frames are taken in before the clock is looked at. The smallest frames take
six, so one read can bring forty thousand."""
TURN = 0.001
"""Seconds after which others get their turn. Messages that came together stay together where they
can: they are stored and told in one."""
TAKEN_AT_ONCE = 64
"""Messages of one peer that the application takes before others get their turn."""
HANDSHAKE = 30.0
"""Seconds that the application has to answer a handshake."""
LINGER = 1.0
"""Seconds that a peer has to read a close frame when it is listened to no longer."""
ENDING = 10.0
"""Seconds that a peer has to take what is left for it when the connection is over."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Shares encoded frames: the server's are not masked, so a text is the same bytes for everyone.

    uvicorn encodes them for each peer, which costs as much as the system call that sends them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # asyncio's own take 3.8 KB with their five deques, nearly always empty.
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]
        self._held = b""
        """What has come and is not parsed yet: its turn comes, or the application is behind."""
        self._turn: asyncio.Handle | None = None
        self._taken = 0
        """Messages that the application took since others had their turn."""
        self._deadline: asyncio.TimerHandle | None = None
        self._bare: Bucket | None = None
        self._sent_away = False

    # -- What comes ------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Parses for a moment now and the rest in turns. Reading pauses meanwhile."""
        if not self.handshake_initiated:
            self._take_handshake(data)
            return
        if self._sent_away:
            return
        waits = bool(self._held)
        self._held += data
        if not self.handshake_complete:
            self.transport.pause_reading()  # it must not send before the answer
        elif not waits:
            self._parse()

    def _take_handshake(self, request: bytes) -> None:
        """Takes over the request, which HTTP passes on whole, or refuses an invalid one."""
        self._end_in(HANDSHAKE)
        super().data_received(request)
        if not self.handshake_initiated:
            # More headers than a handshake may have. uvicorn would neither answer nor close.
            answer = b"".join(self.conn.data_to_send())
            self.transport.write(answer or b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            self.transport.close()
            self._end_in(LINGER)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_complete:
            return  # it was refused, and the application does not see it
        extensions: Any = self.scope["extensions"]
        extensions[EXTENSION] = self
        self.scope["state"] = self.app_state  # uvicorn copies these for each connection

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)
        if self.handshake_initiated and hasattr(self, "scope"):
            # Otherwise the two would keep each other alive until the next garbage collection.
            (self.scope["extensions"] or {}).pop(EXTENSION, None)

    def _parse(self) -> None:
        self._turn = None
        end = monotonic() + TURN
        while self._held and not self.transport.is_closing():
            piece, self._held = self._held[:PIECE], self._held[PIECE:]
            super().data_received(piece)
            if monotonic() > end:
                break
        self._go_on()

    def _go_on(self) -> None:
        """Schedules the processing of held frames, and resumes reading after it."""
        if self.read_paused or self._sent_away or self.transport.is_closing():
            return
        if not self._held:
            self.transport.resume_reading()
        elif self._turn is None:
            self.transport.pause_reading()
            self._turn = self.loop.call_soon(self._parse)

    async def receive(self) -> Any:
        self._taken += 1
        if self._taken % TAKEN_AT_ONCE == 0:
            await asyncio.sleep(0)
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._go_on()
        return message

    def send_receive_event_to_app(self) -> None:
        """Passes a complete message on. One that is no text closes the socket, which is
        no error.
        """
        data = b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        event: Any = {"type": "websocket.receive"}
        if self.curr_msg_data_type == "text":
            try:
                event["text"] = data.decode()
            except UnicodeDecodeError:
                self._close_with(INVALID)
                return
        else:
            event["bytes"] = data
        self.queue.put_nowait(event)
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def handle_ping(self) -> None:
        if self._is_allowed():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._is_allowed():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._is_allowed():
            super().handle_cont(event)

    def handle_text(self, event: Frame) -> None:
        if (event.fin and not self.close_sent) or self._is_allowed():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        if (event.fin and not self.close_sent) or self._is_allowed():
            super().handle_bytes(event)

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._end_in(ENDING)

    def _is_allowed(self) -> bool:
        """Counts a frame that is no message, and returns whether it is allowed. One too many closes
        the connection.
        """
        if self._sent_away:
            return False
        if self._bare is None:
            self._bare = Bucket(BARE_BURST, BARE_PER_SECOND)
        if self._bare.take():
            return True
        self._send_away()
        return False

    def _send_away(self) -> None:
        """Closes without reading any further, and without waiting for the peer's close frame."""
        self._sent_away = True
        self._held = b""
        self.transport.pause_reading()
        self._close_with(CloseCode.TOO_FAST)
        self._end_in(LINGER)

    def _close_with(self, code: int) -> None:
        if self.conn.state is State.OPEN:
            self.conn.send_close(code)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.queue.put_nowait({"type": "websocket.disconnect", "code": int(code)})
        self.close_sent = True
        # Otherwise the connection ends with the application, and the peer may miss the code.
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    # -- What goes -------------------------------------------------------------------------------

    async def send(self, message: Any) -> None:
        """Sends like uvicorn, and frees what only the handshake needed."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            # Several kilobytes with a browser's headers and cookies. The application's copies of
            # the scope share this list.
            self.scope["headers"].clear()  # type: ignore[attr-defined]
            del self.request, self.response
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
            self._go_on()
        elif self.close_sent:
            self._go_on()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end_in(LINGER)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        if not self.disconnected and not self._sent_away:
            self._end_in(ENDING)

    def _end_in(self, seconds: float) -> None:
        """Ends the connection by then. An ordinary close waits for ever for a peer that does not
        read, with the transport's whole buffer.
        """
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def shutdown(self) -> None:
        """On a server stop: lets the consumer answer what has arrived, and then close.

        uvicorn would close all at once, with pending writes unanswered, and all peers would
        reconnect at once.
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
        """Implements ``ServerSocket.write_text`` if no extension was negotiated; caches the bytes
        in the message for the next peer.
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

    def abort(self) -> None:
        self.transport.abort()


class Gate:
    """The part of ``asyncio.Event`` that uvicorn uses, initially set."""

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
            # Shielded, so that one waiter's cancellation does not affect the others.
            await asyncio.shield(self._opened)
        return True


class Inbox:
    """The part of ``asyncio.Queue`` that uvicorn uses: unbounded, with one reader."""

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
