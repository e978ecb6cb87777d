"""uvicorn's HTTP with limits on how long, and how much, a peer may take to send a request."""

import json
from asyncio import Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from mediachat.server.slow_peers import (
    FRAMING_LIMIT,
    FRAMING_PER_BYTE,
    HEAD_LIMIT,
    Pace,
    Phase,
    counted_address,
    watch,
)

LATE = "This request came too slowly. Check your connection and send it again."
OVERLONG = "The headers of this request are too long."
GARBLED = "This request is not formed as it should be."
PIPELINED = 8
"""Requests of one connection that may wait for the one that is being answered. Browsers send none
of these; one read can bring seven thousand, which took 70 MB."""


class _OverrunError(Exception):
    """A peer pipelined much more than it waited for."""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn itself waits for ever for headers and bodies, and accepts headers of any length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle: Any  # None until a first request
        self.pace = Pace(self.loop.time())
        self.address: str | None = None
        self._taken = 0
        """Bytes that came in this phase, with what frames them."""
        self._answered: Any = None
        """The request that the application answers: not ``cycle``, the one that came last, where
        others wait for their turn."""

    # -- What asyncio says -----------------------------------------------------------------------

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = counted_address(self.client[0] if self.client else None)
        if not watch.add(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        watch.discard(self)
        self._give_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        pace = self.pace
        if pace.phase in (Phase.NEW, Phase.KEPT):
            pace.enter(Phase.HEAD, self.loop.time())
            self._taken = 0
        self._taken += len(data)
        super().data_received(data)
        # A single read bounds what arrives in one piece; this is for the rest.
        if pace.phase is Phase.BODY:
            framing = self._taken - pace.received
            if framing > FRAMING_LIMIT + FRAMING_PER_BYTE * pace.received:
                self._refuse(400, "bad_request", GARBLED)
        elif self._taken > HEAD_LIMIT:
            self._refuse(431, "too_large", OVERLONG)

    def handle_websocket_upgrade(self) -> None:
        headers = dict(self.scope["headers"])
        if b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0":
            # A handshake has no body, and no clock would run for one.
            self._refuse(400, "bad_request", GARBLED)
            return
        watch.discard(self)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():  # otherwise a response has begun already
            super().send_400_response(msg)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    # -- What the parser says --------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        # After a chunked body there may be more chunks, unread and without end.
        if self.pace.phase is not Phase.BODY:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            self._give_up()
            self.transport.close()
            raise _OverrunError  # so that the parser drops the rest of the input
        self.pace.enter(Phase.BODY, self.loop.time())
        self._taken = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.pace.received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        done = self.cycle is not None and self.cycle.response_complete
        self.pace.enter(Phase.KEPT if done else Phase.ANSWER, self.loop.time())
        self._taken = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self.pace.phase is Phase.ANSWER:
            self.pace.enter(Phase.KEPT, self.loop.time())
        super().on_response_complete()

    # -- For those who watch ---------------------------------------------------------------------

    def is_held_up(self) -> bool:
        return self.flow.read_paused or (
            self.cycle is not None and self.cycle.waiting_for_100_continue
        )

    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self.transport.is_closing()

    def end_late(self) -> None:
        if self.pace.phase is Phase.NEW:
            self.close()
        else:
            self._refuse(408, "bad_request", LATE)

    def close(self) -> None:
        self.transport.close()

    def abort(self) -> None:
        self.transport.abort()

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answers this request, unless a response has begun, and closes."""
        if self.transport.is_closing():
            return
        answered = self._answered
        if (
            answered is None
            or answered.response_complete
            or (
                self.pace.phase is Phase.BODY
                and answered is self.cycle
                and not answered.response_started
            )
        ):
            body = json.dumps({"code": code, "detail": detail}).encode()
            headers = (
                b"content-type: application/json\r\n"
                b"connection: close\r\n"
                b"content-length: %d\r\n\r\n" % len(body)
            )
            self.transport.write(STATUS_LINE[status] + headers + body)
        self._give_up()
        self.transport.close()

    def _give_up(self) -> None:
        """Drops the application's further output and all queued requests."""
        self.pipeline.clear()
        for cycle in (self._answered, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
