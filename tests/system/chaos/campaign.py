"""One run: a world is made, faults follow each other, and everything that was seen is checked."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import httpx

from tests.support.outside import OutsideClient
from tests.system.chaos import model
from tests.system.chaos.client import LOST, Client
from tests.system.chaos.faults import CLIENTS, POSTGRESQL, REDIS, SERVER, SQLITE, Fault
from tests.system.chaos.history import Failure, Final, Frame, History
from tests.system.chaos.storms import STORMS
from tests.system.chaos.topologies import TOPOLOGIES, Topology
from tests.system.chaos.workload import Workload, World, until

PEOPLE = 8
TWO_DEVICES = 2
"""The first so many people have a second device."""
LISTENERS = 4
"""People whose sockets the herd is: they share one room with the others."""
ROOMS = 8
GIVEN_UP = 40.0
"""Seconds after which nobody waits any longer for everybody to be right: a campaign ends there."""
SAID_AGAIN = 2.0
"""Seconds until the herd is written to again."""
BETWEEN = 0.7
"""Seconds for which people do what they do before the next fault."""

FAULTS: dict[str, list[Fault]] = {
    "sqlite": [*SERVER, *CLIENTS, *SQLITE, *STORMS],
    "postgres": [*SERVER, *CLIENTS, *POSTGRESQL, *STORMS],
    "cluster": [*SERVER, *CLIENTS, *POSTGRESQL, *REDIS, *STORMS],
}
"""What can happen to each of the topologies."""


async def campaign(
    name: str,
    seed: int,
    choose: Callable[[random.Random], Sequence[Fault]],
    *,
    tell: Callable[[str], None] = print,
) -> list[str]:
    """Puts the topology of this name through the faults that ``choose`` draws with this seed, and
    returns what was wrong, in words. ``tell`` is told what happens."""
    rng = random.Random(seed)
    faults = choose(rng)
    tell(f"{name}, seed {seed}: {len(faults)} faults")
    began = time.monotonic()
    async with TOPOLOGIES[name]() as topology, _peopled(topology, rng) as world:
        tell(f"  ready after {time.monotonic() - began:.1f} s")
        workload = Workload(world)
        try:
            wrong = await _suffer(world, workload, faults, tell)
            if all(each.answer for each in world.history.asked):
                wrong += model.violations(world.history, await _final(world))
            if topology.postgresql and (deadlocks := topology.postgresql.deadlocks()):
                wrong.append(f"{deadlocks} transactions waited for each other in a circle")
        finally:
            for task in [*workload.tasks, *world.unfinished]:
                task.cancel()
        _summarise(world, wrong, time.monotonic() - began, tell)
    return wrong


async def _suffer(
    world: World, workload: Workload, faults: Sequence[Fault], tell: Callable[[str], None]
) -> list[str]:
    """One fault after another; ends early only where people do not come right again at all."""
    wrong = []
    for fault in faults:
        workload.go_on()
        await asyncio.sleep(BETWEEN)
        failure = Failure(fault.name, time.monotonic())
        world.history.failures.append(failure)
        async with fault.run(world):
            await asyncio.sleep(fault.seconds)
        failure.ended = time.monotonic()
        workload.pause()
        took, lacking = await _right_again(world, workload, failure.ended)
        tell(f"  {fault.name}: {failure.ended - failure.began:.1f} s, right again after {took:.2f}")
        if took > fault.limit / 2:
            tell(f"    the last to come right: {lacking[0][:200]}")
        if took > fault.limit:
            wrong.append(f"{fault.name}: not right {fault.limit:g} s after it, but {took:.1f} s")
            wrong += [f"{fault.name}: {each}" for each in lacking[:5]]
        if world.herd:
            await world.herd.stop()
            world.herd = None
        if took >= GIVEN_UP:
            break
    return wrong


# -- Whether everybody is right again --------------------------------------------------------------


async def _right_again(world: World, workload: Workload, since: float) -> tuple[float, list[str]]:
    """Seconds from ``since`` until everybody was right, and what was the last that was not.

    Right is: all that was asked for has been answered; each client has seen a fresh message of
    another in each of its rooms; and what each holds is what the server has stored.
    """
    lacking = ["the probes are not answered"]
    probing = asyncio.create_task(_probe(world))
    try:
        while (took := time.monotonic() - since) < GIVEN_UP:
            found = await _lacking(world, workload, probing)
            if not found:
                return took, lacking
            lacking = found
            await asyncio.sleep(0.1)
        return GIVEN_UP, lacking
    finally:
        probing.cancel()


async def _probe(world: World) -> None:
    """Each client writes in each of its rooms; in the end the herd is written to."""
    await asyncio.gather(
        *(
            world.send(client, room, f"{client.name} is here")
            for client in world.clients
            for room in [*world.rooms, world.crowd]
            if room in client.held
        )
    )
    while world.herd and not world.herd.has_heard:
        await until(lambda herd=world.herd: herd.is_ready, GIVEN_UP)
        # Whoever comes back a moment later is not told of it by itself: it is said again.
        world.herd.marker = f"to the herd {world.numbers + 1}".encode()
        await world.send(world.clients[0], world.crowd, "to the herd")
        with suppress(TimeoutError):
            await until(lambda herd=world.herd: herd.has_heard, SAID_AGAIN)


async def _lacking(world: World, workload: Workload, probing: "asyncio.Task[None]") -> list[str]:
    """What is not as it should be now; the cheapest questions first."""
    tasks = [*workload.tasks, *world.running, *world.unfinished]
    if fallen := [task.exception() for task in tasks if task.done() and task.exception()]:
        return [f"somebody has given up: {error!r}" for error in fallen]
    if not probing.done():
        return ["not all probes are answered"]
    await probing
    if not workload.is_quiet or not all(task.done() for task in world.unfinished):
        waiting = [each for each in world.history.asked if each.answer is None]
        return [f"not answered: {each}" for each in waiting] or ["somebody is not done yet"]
    if unsettled := [client.name for client in world.clients if not client.is_settled]:
        return [f"not connected, or behind: {unsettled}"]
    heads: dict[str, set[int]] = {}
    for client in world.clients:
        for room, held in client.held.items():
            heads.setdefault(room, set()).add(held.position)
    if apart := {room: each for room, each in heads.items() if len(each) > 1}:
        return [f"not all stand at the same positions: {apart}"]
    try:
        final = await _final(world)
    except (*LOST, AssertionError) as error:
        return [f"the server does not answer: {error!r}"]
    return [
        *model.everybody_holds_what_is_stored(world.history, final),
        *model.read_marks_are_the_same(world.history, final),
        *model.rooms_are_called_the_same(world.history, final),
    ]


async def _final(world: World) -> Final:
    """What everybody holds now, and what the server says over HTTP."""
    held = {
        client.name: {room: dict(held.messages) for room, held in client.held.items()}
        for client in world.clients
    }
    held_read = {
        client.name: {room: held.read for room, held in client.held.items()}
        for client in world.clients
    }
    held_names = {
        client.name: {room: held.name for room, held in client.held.items()}
        for client in world.clients
    }
    users = {client.name: client.user for client in world.clients}
    names: dict[str, dict[str, str]] = {}
    members: dict[str, set[str]] = {}
    read: dict[str, dict[str, int]] = {}
    url = world.topology.servers[0].url
    async with httpx.AsyncClient(base_url=url, timeout=5, verify=False) as http:
        for user in dict.fromkeys(users.values()):
            rooms = (await _get(http, world.tokens[user], "/api/v1/rooms"))["rooms"]
            rooms = [room for room in rooms if room["role"]]
            read[user] = {room["id"]: room["read"] for room in rooms}
            names[user] = {room["id"]: room["name"] for room in rooms}
            for room in read[user]:
                members.setdefault(room, set()).add(user)
        owner = world.tokens[world.clients[0].user]
        stored = {room: await _history(http, owner, room) for room in [*world.rooms, world.crowd]}
    return Final(stored, members, read, names, users, held, held_read, held_names)


async def _history(http: httpx.AsyncClient, token: str, room: str) -> list[Frame]:
    messages: list[Frame] = []
    path, more = f"/api/v1/rooms/{room}/messages?limit=200", True
    before = ""
    while more:
        page = await _get(http, token, path + before)
        messages = page["messages"] + messages
        more = page["more"]
        before = f"&before={messages[0]['number']}" if messages else ""
    return messages


async def _get(http: httpx.AsyncClient, token: str, path: str) -> Frame:
    answer = await http.get(path, headers={"X-Session-Token": token})
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
    found = answer.json()
    return found if isinstance(found, dict) else {"rooms": found}


# -- The world -------------------------------------------------------------------------------------


@asynccontextmanager
async def _peopled(topology: Topology, rng: random.Random) -> AsyncIterator[World]:
    """People who are connected, in rooms that they share."""
    history = History()
    everybody = [
        OutsideClient(topology.servers[0].url, f"crowd{number}")
        for number in range(PEOPLE + LISTENERS)
    ]
    await asyncio.gather(*(each.sign_in() for each in everybody))
    tokens = {each.username: each.token for each in everybody}
    clients = []
    devices = [(n, 0) for n in range(PEOPLE)] + [(n, 1) for n in range(TWO_DEVICES)]
    for number, device in sorted(devices):
        user = f"crowd{number}"
        first = (number + device) % len(topology.addresses)
        addresses = topology.addresses[first:] + topology.addresses[:first]
        name = user if not device else f"{user}'s other device"
        clients.append(Client(name, user, tokens[user], addresses, history))
    running = [asyncio.create_task(client.run()) for client in clients]
    crowd = topology.seeded.rooms["crowd"]
    world = World(topology, history, rng, clients, running, tokens, crowd=crowd)
    try:
        await _open_rooms(world)
        yield world
    finally:
        for task in running:
            task.cancel()
        if world.herd:
            await world.herd.stop()
        await asyncio.gather(*running, return_exceptions=True)


async def _open_rooms(world: World) -> None:
    owner = world.clients[0]
    everybody = [f"crowd{number}" for number in range(1, PEOPLE)]
    for number in range(ROOMS):
        kind = {0: "direct", 1: "public", 2: "public"}.get(number, "private")
        opened = await owner.do(
            "room.open",
            kind=kind,
            name="" if kind == "direct" else f"Room {number}",
            members=everybody[:1] if kind == "direct" else everybody,
        )
        world.rooms.append(opened["room"]["id"])
    world.public, world.private = world.rooms[2], world.rooms[3]
    shared = set(world.rooms[1:])
    await until(lambda: all(shared <= client.held.keys() for client in world.clients), 20)


def _summarise(world: World, wrong: list[str], seconds: float, tell: Callable[[str], None]) -> None:
    history = world.history
    asked = Counter(each.kind for each in history.asked)
    tell(
        f"  {seconds:.0f} s, {len(history.received)} frames, asked {dict(asked)}, repeated "
        f"{sum(each.attempts > 1 for each in history.asked)}, connections ended "
        f"{dict(history.closings)}, connects {sum(each.connects for each in world.clients)}"
    )
    for each in wrong:
        tell(f"  WRONG {each}")
    if wrong:
        world.topology.keeps_files = True
        history.write(world.topology.directory / "history.jsonl")
        tell(f"  The history and the servers' logs are kept in {world.topology.directory}")
