"""Thousands of sockets that only listen, and come back all at once."""

import asyncio
import base64
import contextlib
import os
import random
from collections.abc import Sequence

FIRST_WAIT, LONGEST_WAIT = 0.25, 2.0
PING, PONG = 9, 10


class Herd:
    """Sockets of several people at the page's door, spread over the servers.

    A websocket here is a few lines on asyncio's transport: a client's library would take longer
    for its end of two thousand handshakes than the server for the other.
    """

    def __init__(self, ports: Sequence[int], tokens: Sequence[str], count: int) -> None:
        self.marker = b"no message has this yet"
        """What ``has_heard`` is about."""
        self._sockets = [
            _Socket(self, ports[n % len(ports)], tokens[n % len(tokens)]) for n in range(count)
        ]

    def __len__(self) -> int:
        return len(self._sockets)

    @property
    def is_ready(self) -> bool:
        return all(socket.is_ready for socket in self._sockets)

    @property
    def has_heard(self) -> bool:
        """Whether all were sent the marker on the connection that they have."""
        return all(socket.is_ready and socket.heard == self.marker for socket in self._sockets)

    def start(self) -> None:
        """Connects all of them at once; they come back by themselves from then on."""
        for socket in self._sockets:
            socket.start()

    def reset(self) -> None:
        """All lose their connections in the same moment."""
        for socket in self._sockets:
            socket.abort()

    async def stop(self) -> None:
        for socket in self._sockets:
            socket.stop()
        await asyncio.sleep(0)


class _Socket(asyncio.Protocol):
    def __init__(self, herd: Herd, port: int, token: str) -> None:
        self.is_ready = False
        self.heard = b""
        self._herd, self._port, self._token = herd, port, token
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._is_open = False
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def stop(self) -> None:
        if self._task:
            self._task.cancel()
        self.abort()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            self._lost.clear()
            with contextlib.suppress(OSError):
                await loop.create_connection(lambda: self, "127.0.0.1", self._port)
                await self._lost.wait()
            failures = 0 if self.is_ready else failures + 1
            self.is_ready = self._is_open = False
            self.heard = b""
            self._data.clear()
            await asyncio.sleep(random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**failures)))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host = f"127.0.0.1:{self._port}"
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws/ HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            f"Cookie: sessionid={self._token}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._lost.set()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_open:
            head, end, rest = bytes(self._data).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.abort()
                return
            self._is_open, self._data = True, bytearray(rest)
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        """Takes the next frame if all of it has come: the server's are unmasked and whole."""
        data = self._data
        if len(data) < 2:
            return False
        start, length = 2, data[1] & 127
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + length:
            return False
        body, code = bytes(data[start : start + length]), data[0] & 15
        del data[: start + length]
        if code == PING and self._transport:
            # Masked with zeroes, which leave it as it is.
            self._transport.write(bytes([128 | PONG, 128 | len(body), 0, 0, 0, 0]) + body)
        elif self._herd.marker in body:
            self.heard = self._herd.marker
        self.is_ready = self.is_ready or b'"type":"ready"' in body[:40]
        return True
