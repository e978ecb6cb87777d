"""daphne's WebSockets with any close code, and with a limit for frames that are no messages."""

import asyncio
from typing import Any

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from chat.protocol import CloseCode
from chat.throttling.rate_limits import Bucket
from mediachat.server.websockets import BARE_BURST, BARE_PER_SECOND, ENDING, LINGER

STEPS_AT_ONCE = 200
"""Heads and payloads of frames that are taken in before others get their turn. Autobahn takes in
all that one read brought, and that can be ten thousand frames."""

BEHIND = 500
"""Messages that may wait for the application. daphne would queue any number."""
LOOK_AGAIN = 0.05
"""Seconds after which a peer whose messages wait is read again."""


class ClosingProtocol(WebSocketProtocol):
    """A WebSocket that the application can close with any code.

    Autobahn's ``sendClose`` accepts only 1000 of the standard's codes: it would raise for 1009 and
    1012, and leave open a socket that the application no longer reads.
    """

    transport: Any
    bare: Bucket | None = None
    turn: asyncio.Handle | None = None
    is_sent_away = False

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        self.sendCloseFrame(code=code or 1000, isReply=False)
        self._end_in(ENDING)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if not self.is_sent_away:
            super().dataReceived(data)

    def consumeData(self) -> None:  # noqa: N802
        """Processes some of the received frames, and the rest in turns."""
        if self.turn is not None:
            return
        if self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
            super().consumeData()
            return
        has_more = self._take_in()
        is_behind = self.application_queue.qsize() > BEHIND
        if has_more or is_behind:
            self.transport.pauseProducing()
            wait = LOOK_AGAIN if is_behind else 0
            self.turn = asyncio.get_event_loop().call_later(wait, self._go_on)

    def _take_in(self) -> bool:
        """Processes frames for a moment; returns whether more are left."""
        for _ in range(STEPS_AT_ONCE):
            if not self.processData() or self.is_sent_away or self.state == self.STATE_CLOSED:
                return False
        return True

    def _go_on(self) -> None:
        self.turn = None
        if self.is_sent_away or self.state == self.STATE_CLOSED:
            return
        self.transport.resumeProducing()
        self.consumeData()

    def onCloseFrame(self, code: int, reasonRaw: bytes | None) -> bool | None:  # noqa: N802,N803
        self._end_in(ENDING)
        result: bool | None = super().onCloseFrame(code, reasonRaw)
        return result

    def onFrameBegin(self) -> None:  # noqa: N802
        frame = self.current_frame
        is_message = frame.fin and frame.opcode in (1, 2) and self.state == self.STATE_OPEN
        if not is_message and not self._is_allowed():
            self._send_away()
            return
        super().onFrameBegin()

    def write_text(self, message: dict[str, Any]) -> bool:
        """Autobahn builds each frame separately."""
        return False

    def abort(self) -> None:
        self.transport.abortConnection()

    def _is_allowed(self) -> bool:
        if self.bare is None:
            self.bare = Bucket(BARE_BURST, BARE_PER_SECOND)
        return bool(self.bare.take())

    def _send_away(self) -> None:
        """Closes without reading any further."""
        self.is_sent_away = True
        self.data = b""
        self.transport.pauseProducing()
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=CloseCode.TOO_FAST, isReply=False)
        self._end_in(LINGER)

    def _end_in(self, seconds: float) -> None:
        asyncio.get_event_loop().call_later(seconds, self.transport.abortConnection)


class ClosingFactory(WebSocketFactory):
    protocol = ClosingProtocol

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A message that is too large, or no text, is answered with a close code.
        self.setProtocolOptions(failByDrop=False)
