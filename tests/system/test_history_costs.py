"""What someone asks for of the past is let go again, and there is never much of it at once."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.conftest import Serve
from tests.support.live import Server
from tests.support.outside import OutsideClient

MEGABYTE = 1024 * 1024
WORST = "<" * 15_500
"""Becomes four times as much HTML."""


@dataclass
class Memory:
    before: int
    most: int = 0
    samples: list[int] = field(default_factory=list)


@contextlib.asynccontextmanager
async def watched(server: Server) -> AsyncIterator[Memory]:
    """The server's memory while this runs."""
    memory = Memory(server.memory())

    async def watch() -> None:
        while True:
            memory.most = max(memory.most, server.memory())
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        yield memory
    finally:
        watching.cancel()
        memory.most = max(memory.most, server.memory())


async def filled(client: OutsideClient, body: str, count: int, **fields: object) -> str:
    """A room with so many of this message."""
    opened = await client.command("room.open", kind="private", name="Much", members=["member"])
    room = str(opened["room"]["id"])
    await client.until(lambda: room in client.held)
    for start in range(0, count, 20):
        await asyncio.gather(
            *(client.send(room, body, **fields) for _ in range(start, min(start + 20, count)))
        )
    client.held[room].messages.clear()
    client.events.clear()
    return room


@pytest.mark.timeout(180)
async def test_syncs_from_many_positions_leave_nothing_behind(serve: Serve) -> None:
    server = serve(RATE_LIMITS="off")
    async with OutsideClient(server.url, "owner") as owner:
        room = await filled(owner, "all work and no play " * 250, 450)
    server.restart()
    client = await OutsideClient(server.url, "member").sign_in()
    ticket = await client.ticket()
    # Not OutsideClient: it would follow every answer by itself.
    async with connect(
        f"{server.socket_url}/ws/client/",
        subprotocols=[Subprotocol("mediachat.v1"), Subprotocol(f"ticket.{ticket}")],
        compression=None,
        max_size=None,
    ) as socket:
        await socket.recv()

        async def sync(position: int) -> None:
            await socket.send(json.dumps({"type": "sync", "ref": "s", "rooms": {room: position}}))
            while True:
                frames = json.loads(await socket.recv())
                for frame in frames if isinstance(frames, list) else [frames]:
                    if frame["type"] == "changes":
                        assert frame["messages"]
                    if frame["type"] == "reply":
                        return

        for position in (0, 440, 400, 300):
            await sync(position)
        async with watched(server) as memory:
            for position in range(198):
                await sync(position * 2)
    assert memory.most - memory.before < 20 * MEGABYTE


@pytest.mark.timeout(180)
async def test_pages_of_the_worst_messages_cost_little_at_once(serve: Serve) -> None:
    server = serve(RATE_LIMITS="off")
    code = {
        "path": "a.py",
        "language": "python",
        "start_line": 1,
        "end_line": 2,
        "text": "<x>&\n" * 3_900,
    }
    async with OutsideClient(server.url, "owner") as owner:
        room = await filled(owner, WORST, 60, code=code)

        async def page(path: str = "limit=200") -> int:
            async with owner.http() as http:
                answer = await http.get(f"/api/v1/rooms/{room}/messages?{path}")
            assert answer.status_code == 200 and answer.json()["more"] is True
            return len(answer.content)

        await page("limit=1")
        async with watched(server) as memory:
            for _ in range(3):
                sizes = await asyncio.gather(*(page() for _ in range(6)))
                assert max(sizes) < MEGABYTE
        assert memory.most - memory.before < 100 * MEGABYTE
        # And all of it can be read, page by page.
        seen: list[int] = []
        more = True
        while more:
            where = {"before": seen[-1]} if seen else {}
            reply = await owner.command("history", room=room, limit=200, **where)
            seen += [message["number"] for message in reversed(reply["messages"])]
            more = reply["more"]
        assert seen == list(range(60, 0, -1))
