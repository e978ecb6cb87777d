"""One who does not read costs the others nothing, and the server next to nothing."""

import asyncio
import base64
import os
import socket
import uuid

import pytest

from tests import databases
from tests.conftest import Serve
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

MEGABYTE = 1024 * 1024
SENT = (20 if databases.is_emulated() else 100) * MEGABYTE


async def connect_and_never_read(client: OutsideClient) -> socket.socket:
    """Opens the programs' door by hand and leaves everything in the smallest of buffers."""
    ticket = await client.ticket()
    host, port = client.url.removeprefix("http://").split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    await loop.sock_sendall(
        raw,
        (
            f"GET /ws/client/ HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: mediachat.v1, ticket.{ticket}\r\n\r\n"
        ).encode(),
    )
    assert (await loop.sock_recv(raw, 1024)).startswith(b"HTTP/1.1 101")
    return raw


async def was_closed(raw: socket.socket) -> bool:
    """Reads what is left, to the end or to a reset; whether the end came."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(5):
            while await loop.sock_recv(raw, 65536):
                pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.timeout(180)
async def test_a_client_that_never_reads_is_closed_alone_and_costs_no_memory(serve: Serve):
    server = serve(RATE_LIMITS="off", HEARTBEAT="2")
    writer, reader = OutsideClient(server.url, "crowd0"), OutsideClient(server.url, "crowd1")
    sleeper = await OutsideClient(server.url, "crowd2").sign_in()
    async with writer, reader:
        room = (
            await writer.command(
                "room.open", kind="private", name="Loud", members=["crowd1", "crowd2"]
            )
        )["room"]["id"]
        await reader.until(lambda: room in reader.held)
        body = "all work and no play " * 900

        async def write(size: int) -> int:
            written = 0
            while written < size:
                answers = await asyncio.gather(
                    *(writer.send(room, body, client_id=str(uuid.uuid4())) for _ in range(8))
                )
                written += sum(len(str(answer)) for answer in answers)
                for client in (writer, reader):
                    client.held[room].messages.clear()
                    client.events.clear()
            return written

        # What the server keeps of a busy room at all, it keeps before the sleeper comes.
        await write(8 * MEGABYTE)
        raw = await connect_and_never_read(sleeper)
        before = server.memory()
        peak = before

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, server.memory())
                await asyncio.sleep(0.05)

        watching = asyncio.create_task(watch())
        await write(SENT)
        watching.cancel()
        head = writer.held[room].position
        await reader.until(lambda: reader.held[room].position >= head, 10)
        print(f"the server grew by {(peak - before) / MEGABYTE:.1f} MB")
        assert peak - before < 20 * MEGABYTE
        assert not reader.closed.done()
        assert not writer.closed.done()
        assert await was_closed(raw)
        raw.close()
