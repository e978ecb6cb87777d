"""The channel layer is a doorbell: with all its messages lost, the database still reaches all.

Two processes on one database, and nothing rings between them or within them.
"""

import asyncio
import time
from typing import Any

import pytest

from tests.conftest import Serve
from tests.live import Server
from tests.outside import OutsideClient

HEARTBEAT = 2.0


@pytest.fixture
def servers(serve: Serve) -> tuple[Server, Server]:
    settings: dict[str, Any] = {
        "DJANGO_SETTINGS_MODULE": "tests.settings_dropping_layer",
        "RATE_LIMITS": "off",
        "HEARTBEAT": str(HEARTBEAT),
    }
    first = serve(**settings)
    return first, serve(data_of=first, **settings)


async def _right(clients: list[OutsideClient], room: str) -> None:
    """Every client holds what the database holds, within a heartbeat and a second."""
    started = time.monotonic()
    truth = await clients[0].history(room)
    head = max(message["position"] for message in truth)
    for client in clients:
        left = HEARTBEAT + 1 - (time.monotonic() - started)
        await client.until(lambda client=client: client.held[room].position >= head, max(left, 0.1))
        assert client.held[room].ordered() == truth


async def test_every_client_is_right_within_a_heartbeat_and_a_second(
    servers: tuple[Server, Server],
):
    clients = [OutsideClient(servers[number % 2].url, f"crowd{number}") for number in range(6)]
    for client in clients:
        await client.sign_in()
        await client.connect()
    writer = clients[0]
    started = time.monotonic()
    room = (
        await writer.command(
            "room.open",
            kind="private",
            name="Silence",
            members=[client.username for client in clients[1:]],
        )
    )["room"]["id"]
    for client in clients:
        left = HEARTBEAT + 1 - (time.monotonic() - started)
        await client.until(lambda client=client: room in client.held, max(left, 0.1))

    sent = await asyncio.gather(
        *(client.send(room, f"{client.username} {n}") for n in range(20) for client in clients)
    )
    await _right(clients, room)

    await writer.command("message.edit", message=sent[0]["id"], body="edited")
    await clients[1].command("message.react", message=sent[0]["id"], emoji="👍")
    await clients[1].command("message.delete", message=sent[1]["id"])
    await _right(clients, room)

    await writer.send(room, "the very last")
    await _right(clients, room)

    started = time.monotonic()
    await writer.command("room.remove", room=room, member="crowd1")
    await clients[1].until(lambda: room not in clients[1].held, HEARTBEAT + 1)
    for client in clients:
        await client.disconnect()
