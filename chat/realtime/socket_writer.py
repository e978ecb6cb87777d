"""Writes to one WebSocket without ever waiting for it."""

import asyncio
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import structlog

from chat.protocol import CloseCode, joined
from chat.realtime.server_socket import ServerSocket

BACKLOG_LIMIT = 1024 * 1024
"""Characters that may wait for a peer that does not read; it is closed beyond that."""
JOINED_LIMIT = 64 * 1024
"""Characters of small frames that are joined into one."""
STUCK_LIMIT = 10.0
"""Seconds for which a peer may read nothing while something waits for it."""
CLOSING_LIMIT = 2.0
"""Seconds for which a close frame may wait for the same."""

Frame = dict[str, Any]

logger = structlog.get_logger(__name__)


def frame(text: str) -> Frame:
    """A text as ASGI wants it; made once for all the sockets that it goes to."""
    return {"type": "websocket.send", "text": text}


class SocketWriter:
    """Writes at once while the peer reads, and into a bounded backlog while it does not.

    ASGI's ``send`` is a coroutine that nearly always ends without waiting. A task for each
    would cost more than the write itself, so it is stepped by hand; only where it really waits
    does a task take over, and only this one peer is late.
    """

    def __init__(
        self,
        send: Callable[[Frame], Coroutine[Any, Any, None]],
        server: ServerSocket | None = None,
    ) -> None:
        self._send = send
        self._server = server
        self._write_text = server.write_text if server else None
        self._backlog: deque[Frame] | None = None  # a deque takes 760 bytes, and few are late
        self._backlog_size = 0
        self._soon: list[str] = []
        self._soon_size = 0
        self._draining: asyncio.Task[None] | None = None
        self.close_code: int | None = None

    @property
    def is_open(self) -> bool:
        return self.close_code is None

    @property
    def is_late(self) -> bool:
        """Whether half of what may wait for the peer does: it is not asked for more commands."""
        return self._backlog_size > BACKLOG_LIMIT // 2 and self._draining is not None

    async def caught_up(self) -> None:
        """Returns when nothing waits for the peer any more, or when it is gone."""
        while self._draining is not None:
            await asyncio.wait([self._draining])

    def write_soon(self, text: str) -> None:
        """Joins all writes in one turn of the loop into one frame.

        A commit answers many commands at once, and each frame would cost a system call.
        """
        if not self._soon:
            asyncio.get_running_loop().call_soon(self._write_joined)
        self._soon.append(text)
        self._soon_size += len(text)
        if self._soon_size > JOINED_LIMIT:
            self._write_joined()

    def _write_joined(self) -> None:
        if self._soon:
            texts, self._soon, self._soon_size = self._soon, [], 0
            self.write(frame(joined(texts)))

    def write(self, frame: Frame) -> None:
        if self.close_code is not None:
            return
        if self._soon:
            self._write_joined()  # what was said first is read first
        if self._draining is not None:
            self._wait_in_line(frame)
            return
        if self._write_text is not None and self._write_text(frame):
            return
        sending = self._send(frame)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception:
            # The peer is gone; the server tells the consumer so with websocket.disconnect.
            self.close_code = CloseCode.RESTARTING
            return
        self._draining = asyncio.get_running_loop().create_task(self._drain(sending, waits_for))

    def close(self, code: int) -> None:
        """Closes with this code; pending frames are dropped, and ``sync`` recovers them."""
        if self.close_code is not None:
            return
        self._write_joined()
        if not self.is_open:
            return  # the peer was gone
        self.close_code = code
        if self._draining is not None:
            self._draining.cancel()
        self._backlog = None
        asyncio.get_running_loop().create_task(self._close(code))

    def gone(self) -> None:
        """The peer has closed: nothing more can be written."""
        if self.close_code is None:
            self.close_code = CloseCode.RESTARTING
        if self._draining is not None:
            self._draining.cancel()
        self._backlog = None

    def _wait_in_line(self, frame: Frame) -> None:
        self._backlog_size += len(frame["text"])
        if self._backlog_size > BACKLOG_LIMIT:
            self.close(CloseCode.TOO_SLOW)
            return
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.append(frame)

    async def _drain(self, sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
        try:
            async with asyncio.timeout(STUCK_LIMIT):
                await _resumed(sending, waits_for)
            while self._backlog:
                frame = self._backlog.popleft()
                self._backlog_size -= len(frame["text"])
                async with asyncio.timeout(STUCK_LIMIT):
                    await self._send(frame)
        except TimeoutError:
            self._draining = None
            self.close(CloseCode.TOO_SLOW)
        except Exception:
            self.gone()
        finally:
            self._draining = None

    async def _close(self, code: int) -> None:
        try:
            async with asyncio.timeout(CLOSING_LIMIT):
                await self._send({"type": "websocket.close", "code": code})
        except TimeoutError:
            # Not even the close frame is read. An ordinary close would wait for the peer for ever
            # with all that lies in the transport's buffer.
            if self._server is not None:
                self._server.abort()
        except Exception as error:
            logger.debug("peer_was_faster", error=repr(error))


@types.coroutine
def _resumed(sending: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Goes on with a coroutine that has been stepped by hand and waits for a future."""
    while True:
        try:
            try:
                result = yield waits_for
            except BaseException as error:  # cancelled: it is the coroutine that has to end
                waits_for = sending.throw(error)
            else:
                waits_for = sending.send(result)
        except StopIteration:
            return
