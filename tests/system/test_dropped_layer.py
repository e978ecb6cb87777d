"""The channel layer is a doorbell: with all its messages lost, the database still reaches all.

Two processes on one database, and nothing rings between them or within them; then one process
whose doorbell rings too often, too late, in the wrong order or not at all.
"""

import asyncio
import time
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.live import Server
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

HEARTBEAT = 2.0


@pytest.fixture
def servers(serve: Serve) -> tuple[Server, Server]:
    settings: dict[str, Any] = {
        "DJANGO_SETTINGS_MODULE": "tests.support.settings_dropping_layer",
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


@pytest.mark.timeout(90)
async def test_a_layer_that_drops_repeats_and_reorders_costs_nobody_a_message(serve: Serve):
    server = serve(
        DJANGO_SETTINGS_MODULE="tests.support.settings_unreliable_layer",
        RATE_LIMITS="off",
        HEARTBEAT=str(HEARTBEAT),
    )
    clients = [OutsideClient(server.url, f"crowd{number}") for number in range(5)]
    for client in clients:
        await client.sign_in()
        await client.connect()
    names = [client.username for client in clients[1:]]
    opened = await clients[0].command("room.open", kind="private", name="Chaos", members=names)
    room = opened["room"]["id"]
    for client in clients:
        await client.until(lambda client=client: room in client.held, HEARTBEAT + 1)

    async def write(client: OutsideClient) -> None:
        mine: list[str] = []
        for number in range(40):
            match number % 4:
                case 3:
                    await client.command("message.edit", message=mine[-1], body=f"edited {number}")
                case 2:
                    await client.command("message.react", message=mine[-1], emoji="👍")
                case _:
                    mine.append((await client.send(room, f"{number}"))["id"])

    await asyncio.gather(*(write(client) for client in clients))
    await _right(clients, room)
    for client in clients:
        await client.disconnect()
