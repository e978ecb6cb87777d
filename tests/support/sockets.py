"""The server's end of a websocket without a network: uvicorn's protocol on a transport that keeps
what is written to it."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from mediachat.server.websockets import WebSocketProtocol

HANDSHAKE = (
    b"GET /ws/ HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"cookie: sessionid=abc\r\nUser-Agent: a browser\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written.append(data)

    def close(self) -> None:
        """Waits for a peer that does not read: for ever."""

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def opened(application: Any) -> tuple[WebSocketProtocol, Transport]:
    """A websocket that the application has accepted; nothing has been written to it since."""
    config = Config(application, ws_per_message_deflate=False, ws_ping_interval=None)
    config.load()
    protocol, transport = WebSocketProtocol(config, ServerState(), {}), Transport()
    protocol.connection_made(transport)
    protocol.data_received(HANDSHAKE)
    await asyncio.sleep(0.01)
    assert transport.written[0].startswith(b"HTTP/1.1 101")
    transport.written.clear()
    return protocol, transport
