"""A process of its own in which one person sends messages, and tells how long each took.

``python -m … URL SESSION ROOM [SESSIONS …]``: writes a line for each message, the moment by the
machine's clock and the seconds that passed until the answer. Those of the further sessions are
connected, and listen.
"""

import asyncio
import json
import sys
import time
import uuid

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

EVERY = 0.1
"""Seconds between two messages."""


async def _open(url: str, session: str) -> ClientConnection:
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        answer = await http.post("/api/v1/tickets", headers={"X-Session-Token": session})
    socket = await connect(
        url.replace("http", "ws", 1) + "/ws/client/",
        subprotocols=[
            Subprotocol("mediachat.v1"),
            Subprotocol(f"ticket.{answer.json()['ticket']}"),
        ],
        compression=None,
        max_size=None,
    )
    await socket.recv()
    return socket


async def _listen(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


async def main(url: str, session: str, room: str, *others: str) -> None:
    listening = [asyncio.create_task(_listen(await _open(url, other))) for other in others]
    socket = await _open(url, session)
    print("ready", flush=True)
    while True:
        started, ref = time.monotonic(), uuid.uuid4().hex
        command = {"type": "message.send", "room": room, "client_id": ref, "body": "hello"}
        await socket.send(json.dumps(command | {"ref": ref}))
        while f'"ref":"{ref}"' not in await socket.recv(decode=True):
            pass
        now = time.monotonic()
        print(now, now - started, flush=True)
        assert not any(each.done() for each in listening)
        await asyncio.sleep(max(0.0, EVERY - (now - started)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
