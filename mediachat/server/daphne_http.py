"""daphne's HTTP, which streams bodies to the application and drops slow peers.

daphne itself buffers a whole body on disk before the application can check the sender.
"""

import asyncio
from functools import partial
from io import BytesIO
from typing import Any

import daphne.server
from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel, _GenericHTTPChannelProtocol

from chat.realtime.server_socket import EXTENSION
from mediachat.server.daphne_websockets import ClosingProtocol
from mediachat.server.slow_peers import Pace, Phase, counted_address, watch

HIGH_WATER = 64 * 1024
"""Bytes of a body that may wait for the application."""


class NoContent(BytesIO):
    """An empty body. daphne takes it for one that was abandoned, and passes nothing on itself."""

    closed = True


class BodyQueue(asyncio.Queue[dict[str, Any]]):
    """The queue of a request's events; calls back when a piece was taken."""

    def __init__(self, request: "StreamedRequest") -> None:
        super().__init__()
        self._request = request

    async def get(self) -> dict[str, Any]:
        event = await super().get()
        self._request.taken(event)
        return event


class StreamedRequest(WebRequest):
    """A request whose body is streamed to the application."""

    is_streamed = False
    is_whole = True
    waiting = 0
    is_paused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        if length == 0:
            super().gotLength(length)
            return
        self.is_streamed, self.is_whole = True, False
        self.content = NoContent()
        channel = self.channel
        # Twisted would call this once the whole body has arrived. It would also parse it as a form.
        self.method, self.uri, self.clientproto = channel._command, channel._path, channel._version
        self.path = self.uri.split(b"?", 1)[0]
        self.args: dict[bytes, list[bytes]] = {}
        if self.requestHeaders.hasHeader(b"Upgrade"):
            self.basic_error(400, b"Bad Request", "An upgrade has no body")
            return
        self.process()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        if not self.is_streamed:
            super().handleContentChunk(data)
            return
        self.channel.pace.received += len(data)
        if self.finished or self.application_queue is None:
            return
        self._put(data, more=True)
        self.waiting += len(data)
        if self.waiting > HIGH_WATER and not self.is_paused:
            self.is_paused = True
            self.channel._networkProducer.pauseProducing()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        if not self.is_streamed:
            super().requestReceived(command, path, version)
            return
        self.is_whole = True
        if self.application_queue is not None and not self.finished:
            self._put(b"", more=False)

    def taken(self, event: dict[str, Any]) -> None:
        """Called when the application has taken this piece."""
        self.waiting -= len(event.get("body", b""))
        if self.is_paused and self.waiting <= HIGH_WATER:
            self.is_paused = False
            if self.channel is not None and not self.channel._waitingForTransport:
                self.channel._networkProducer.resumeProducing()

    def finish(self) -> None:
        if not self.is_whole and self.channel is not None:
            # The rest of the body must not be parsed as the next request.
            self.channel.persistent = False
        super().finish()

    def _put(self, data: bytes, *, more: bool) -> None:
        self.application_queue.put_nowait({"type": "http.request", "body": data, "more_body": more})


class Channel(HTTPChannel):
    """One watched connection. Twisted's own timeout restarts with every byte."""

    transport: Any
    address: str | None = None

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self.pace = Pace(asyncio.get_event_loop().time())
        self.address = counted_address(getattr(self.transport.getPeer(), "host", None))
        if not watch.add(self):
            self.abort()

    def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802
        watch.discard(self)
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self.pace.phase in (Phase.NEW, Phase.KEPT):
            self._enter(Phase.HEAD)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:  # noqa: N802
        self._enter(Phase.BODY)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:  # noqa: N802
        self._enter(Phase.ANSWER)
        if not self.requests:
            return  # answered before its end, and closing
        super().allContentReceived()
        if not isinstance(self.transport.protocol, _GenericHTTPChannelProtocol):
            watch.discard(self)  # it has become a WebSocket

    def requestDone(self, request: Any) -> None:  # noqa: N802
        self._enter(Phase.KEPT)
        super().requestDone(request)

    def _enter(self, phase: Phase) -> None:
        self.pace.enter(phase, asyncio.get_event_loop().time())

    # -- For those who watch ---------------------------------------------------------------------

    def is_held_up(self) -> bool:
        return bool(self.requests) and self.requests[-1].is_paused

    def unsent(self) -> int:
        return len(self.transport.dataBuffer) + self.transport._tempDataLen

    def is_closing(self) -> bool:
        return bool(self.transport.disconnecting)

    def end_late(self) -> None:
        self.close()

    def close(self) -> None:
        self.loseConnection()

    def abort(self) -> None:
        self.transport.abortConnection()


class Factory(HTTPFactory):
    def protocol(self) -> Any:
        return _GenericHTTPChannelProtocol(Channel())

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = StreamedRequest
        return protocol


class StreamingServer(daphne.server.Server):
    """daphne, with streamed requests."""

    def run(self) -> None:
        # Daphne can be given a factory only by replacing it in this module.
        daphne.server.HTTPFactory = Factory
        super().run()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if isinstance(protocol, ClosingProtocol):
            scope.setdefault("extensions", {})[EXTENSION] = protocol
        if not getattr(protocol, "is_streamed", False):
            return super().create_application(protocol, scope)
        queue = BodyQueue(protocol)
        scope.setdefault("asgi", {"version": "3.0"})
        answering = self.application(
            scope=scope, receive=queue.get, send=partial(self.handle_reply, protocol)
        )
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(answering)
        return queue
