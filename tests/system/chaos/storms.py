"""Faults that are nobody's: people who do too much at once, or at the worst of times."""

import asyncio
import itertools
from collections.abc import AsyncIterator

from tests.support.outside import CommandError
from tests.system.chaos.client import Client
from tests.system.chaos.faults import fault
from tests.system.chaos.herd import Herd
from tests.system.chaos.workload import EMOJI, World, until

SOCKETS = 10
"""Over which people react, for each process."""
HERD = 2_000
GATHERING = 60.0
"""Seconds for the herd to be there before it is made to come back."""


@fault(4.0)
async def reactions_in_all_rooms_at_once(world: World) -> AsyncIterator[None]:
    """In eight rooms everybody reacts to the same message, over ten sockets for each process:
    every writer of a room waits for the others."""
    over = asyncio.Event()
    owner = world.clients[0]
    clients = [*world.clients, *await _others(world)]
    rooms = [*world.rooms[1:], world.crowd]
    messages = await asyncio.gather(*(world.send(owner, room, "What now?") for room in rooms))

    async def react(client: Client, emoji: str, message: str) -> None:
        for on in itertools.cycle((True, False)):
            if over.is_set():
                return
            await world.react(client, emoji, message, on=on)
            await asyncio.sleep(0)

    world.unfinished = [
        asyncio.create_task(react(client, emoji, message))
        for client, emoji in zip(clients, EMOJI, strict=False)
        for message in world.rng.sample(messages, len(messages))
        if message
    ]
    yield
    over.set()


async def _others(world: World) -> list[Client]:
    """As many more clients as are missing for so many sockets; they stay to the end."""
    addresses = world.topology.addresses
    count = SOCKETS * len(addresses)
    for number in range(len(world.clients) + len(world.others), count):
        like = world.clients[number - len(world.clients)]
        start = number % len(addresses)
        other = Client(
            f"{like.name}, client {number}",
            like.user,
            world.tokens[like.user],
            addresses[start:] + addresses[:start],
            world.history,
        )
        world.others.append(other)
        world.running.append(asyncio.create_task(other.run()))
    await until(lambda: all(other.is_settled for other in world.others), GATHERING)
    return world.others


@fault(2.0)
async def people_removed_while_they_cannot_hear(world: World) -> AsyncIterator[None]:
    """The guest is sent out behind a network that passes nothing on to them, or to the server
    that they are on, while the others write; and is let in again after that."""
    owner, guest = world.clients[0], world.clients[-2]
    away = [world.topology.doors[-1], *world.topology.to_redis[-1:]]
    others = [client for client in world.clients[1:-2] if world.private in client.held]
    for proxy in away:
        proxy.black_hole()
    removing = asyncio.create_task(_remove(world, owner, guest, others))
    yield
    for proxy in away:
        proxy.mend()
    await removing
    await asyncio.sleep(0.5)
    try:
        await owner.do("room.add", room=world.private, members=[guest.user])
    except CommandError:
        pass


async def _remove(world: World, owner: Client, guest: Client, others: list[Client]) -> None:
    try:
        await owner.do("room.remove", room=world.private, member=guest.user)
    except CommandError:
        pass
    await asyncio.gather(
        *(world.send(client, world.private, "while the guest is out") for client in others)
    )


@fault(0.0, limit=10.0)
async def two_thousand_reconnects_at_once(world: World) -> AsyncIterator[None]:
    """They are there already, and lose their connections in the same moment."""
    ports = [server.port for server in world.topology.servers]
    people = {client.user for client in world.clients}
    listeners = [token for name, token in world.tokens.items() if name not in people]
    world.herd = Herd(ports, listeners, HERD)
    world.herd.start()
    await until(lambda herd=world.herd: herd.is_ready, GATHERING)
    yield
    world.herd.reset()
    for door in world.topology.doors:
        door.reset()
    await asyncio.sleep(0.05)  # until everybody knows


STORMS = [
    reactions_in_all_rooms_at_once,
    people_removed_while_they_cannot_hear,
    two_thousand_reconnects_at_once,
]
