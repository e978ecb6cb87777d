"""What is measured. Each scenario runs ours and theirs in turn and returns plain JSON."""

import asyncio
import contextlib
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks import dialects, measure, screen, servers
from benchmarks.dialects import Connect, gather, media_chat
from benchmarks.load import Load, Room
from benchmarks.servers import Competitor, NotInstalled, pids
from tests.support.live import Redis, Server

Row = dict[str, Any]
WINDOWS = (20, 5)
HALF_LOAD = 1_750
"""Messages a second: half of what many small rooms are to take at the least."""

Scenario = Callable[["Scale"], Coroutine[Any, Any, dict[str, Any]]]


@dataclass(frozen=True)
class Scale:
    """How much of everything; ``full`` is what the goals are about."""

    messages: int = 1_000
    slow_messages: int = 100
    """For those servers on which a message costs ten times as much."""
    idle: int = 5_000
    returning: int = 2_000
    history: int = 1_000_000
    page: int = 100_000
    upload_mib: int = 1_024
    sign_ins: int = 100
    read_messages: int = 20
    """One a second."""
    coming: tuple[tuple[str, int, int], ...] = (
        ("private", 100, 100),
        ("private", 500, 200),
        ("public", 1, 2_000),
    )
    """Rooms of this kind, how many, and the people who are in all of them."""


QUICK = Scale(
    messages=200,
    slow_messages=20,
    idle=300,
    returning=200,
    history=20_000,
    page=2_000,
    upload_mib=64,
    sign_ins=30,
    read_messages=5,
    coming=(("private", 20, 20), ("private", 50, 40), ("public", 1, 100)),
)


@contextlib.asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    directory = servers.work_directory()
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Ours:
    """Our server or servers, seeded and running."""

    servers: list[Server]
    redis: Redis | None
    rooms: list[str]
    members: list[list[str]]

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers]

    @property
    def pids(self) -> list[int]:
        return [pid for server in self.servers for pid in pids(server)]

    @property
    def connect(self) -> Connect:
        return media_chat(self.urls, self.rooms, self.members)


@contextlib.asynccontextmanager
async def ours(
    *seed: str, processes: int = 1, redis: bool = False, **environment: str
) -> AsyncIterator[Ours]:
    """Seeds, starts and in the end stops our server; an exception in its log fails the run."""
    async with scratch() as directory:
        data = directory / "ours"
        seeded = json.loads(servers.seed(data, *seed))
        layer = servers.redis(directory) if redis else None
        running: list[Server] = []
        try:
            if layer:
                layer.start()
                environment |= {"REDIS_URL": layer.url}
            for _ in range(processes):
                running.append(servers.ours(data, **environment))
                running[-1].start()
            yield Ours(running, layer, seeded["rooms"], seeded["members"])
            for server in running:
                server.assert_no_exception_logged()
        finally:
            servers.stop_all([*running, *([layer] if layer else [])])


async def _measured(
    loads: list[Load], connect: Connect, server_pids: Callable[[], list[int]], limit: float
) -> list[Row]:
    """These loads one after another, each with connections of its own."""
    rows = []
    for load in loads:
        noise, before = measure.Noise(), measure.memory(server_pids())
        own = measure.cpu([*server_pids(), os.getpid()])
        try:
            await gather(load.rooms, connect, load.members)
            held = measure.memory(server_pids()) - before
            row = await load.run(server_pids(), limit=limit)
            row["kb_per_connection"] = round(held / 1024 / load.members / len(load.rooms), 1)
            row["others_cores"] = noise.others(measure.cpu([*server_pids(), os.getpid()]) - own)
            rows.append(row)
        finally:
            load.close()
            await asyncio.sleep(0.5)  # they have left before the next come
    return rows


async def _competitor(theirs: Competitor, *loads: Load, limit: float = 30) -> list[Row]:
    about: Row = {"name": theirs.name, "stored": theirs.stored}
    try:
        theirs.start()
        rows = await _measured([*loads], theirs.connect, theirs.pids, limit)
        return [about | row for row in rows]
    except (NotInstalled, ConnectionError, TimeoutError) as error:
        return [about | {"missing": str(error) or type(error).__name__} for _ in loads]
    finally:
        theirs.stop()


async def _ours_rows(name: str, *loads: Load, processes: int = 1, redis: bool = False) -> list[Row]:
    seed = ("--rooms", str(len(loads[0].rooms)), "--members", str(loads[0].members))
    async with ours(*seed, processes=processes, redis=redis) as running:
        rows = await _measured([*loads], running.connect, lambda: running.pids, limit=60)
    return [{"name": name, "stored": "SQLite, FULL"} | row for row in rows]


# -- Fan-out -----------------------------------------------------------------------------------


async def fanout(scale: Scale) -> dict[str, Any]:
    """One room of 200, one of whom writes, with 20 and with 5 messages under way."""

    def loads(messages: int, members: int = 200) -> list[Load]:
        return [
            Load(rooms=1, members=members, messages=messages, window=window) for window in WINDOWS
        ]

    async with scratch() as directory:
        layer = servers.redis(directory)
        layer.start()
        try:
            many, few = scale.messages, scale.slow_messages
            measured = [
                await _ours_rows("Media Chat, in memory", *loads(many)),
                await _competitor(servers.node_ws(), *loads(many)),
                await _ours_rows("Media Chat, Redis", *loads(many), redis=True),
                await _competitor(servers.socket_io(), *loads(many)),
                await _competitor(servers.ejabberd(directory), *loads(many // 2)),
                await _competitor(servers.prosody(directory), *loads(few)),
                await _competitor(servers.tutorial("uvicorn"), *loads(few)),
                await _competitor(servers.tutorial("uvicorn", layer.url), *loads(few)),
                await _competitor(servers.tutorial("daphne", layer.url), *loads(few)),
                await _competitor(
                    servers.synapse(directory),
                    *loads(max(few * 3 // 10, 10), members=100),
                    limit=60,
                ),
            ]
        finally:
            layer.stop()
    return {"windows": {str(w): [rows[n] for rows in measured] for n, w in enumerate(WINDOWS)}}


async def members(scale: Scale) -> dict[str, Any]:
    """The same with more and more members, 20 under way."""
    sizes: dict[str, dict[str, Row]] = {}
    for count in (10, 50, 200, 1_000):
        messages = min(max(scale.messages * 100 // count, 40), 4 * scale.messages)

        def load(count: int = count, messages: int = messages) -> Load:
            return Load(rooms=1, members=count, messages=messages, window=20)

        sizes[str(count)] = {
            "Media Chat": (await _ours_rows("Media Chat", load()))[0],
            "Node ws": (await _competitor(servers.node_ws(), load()))[0],
        }
    return {"sizes": sizes}


async def processes(scale: Scale) -> dict[str, Any]:
    """The same room on one and on two processes of ours over Redis."""
    rows = []
    for count in (1, 2):
        load = Load(rooms=1, members=200, messages=4 * scale.messages, window=20)
        name = f"{count} process{'es' if count > 1 else ''} over Redis"
        rows += await _ours_rows(name, load, processes=count, redis=True)
    return {"rows": rows}


# -- Many small rooms, and quiet ones -----------------------------------------------------------


async def rooms(scale: Scale) -> dict[str, Any]:
    """100 rooms of five who all write, four messages under way in each; then paced."""

    def load(**options: Any) -> Load:
        each = max(scale.messages // 10, 10)
        return Load(rooms=100, members=5, messages=each, window=4, senders=5, **options)

    seed = ("--rooms", "100", "--members", "5")
    async with ours(*seed) as running:

        async def measured(name: str, load: Load) -> Row:
            (row,) = await _measured([load], running.connect, lambda: running.pids, limit=60)
            return {"name": f"Media Chat, {name}", "stored": "SQLite, FULL"} | row

        plain = await measured("plain text", load())
        marked = await measured("markdown", load(markdown=True))
        pace = min(max(plain["messages_per_s"] // 2, 50), HALF_LOAD)
        paced = await measured(f"plain text at {pace} a second", load(rate=pace))
    pipe = await _competitor(servers.node_ws(), load())
    return {"rows": [plain, marked, paced, *pipe]}


async def quiet(scale: Scale) -> dict[str, Any]:
    """Two people and a message now and then: on sockets, and from page to page."""
    load = Load(rooms=1, members=2, messages=max(scale.messages // 4, 50), window=1, rate=20)
    rows = await _ours_rows("Media Chat", load)
    async with ours("--members", "2") as running:
        (url,), ((first, second),) = running.urls, running.members
        shown = await screen.page_to_page(
            url, running.rooms[0], first, second, max(scale.messages // 10, 20)
        )
    return {"rows": rows, "screen": measure.milliseconds(shown)}


# -- People who read, and people who come ---------------------------------------------------------


async def readers(scale: Scale) -> dict[str, Any]:
    """A room of 200 and a message a second: read by nobody, and then by everyone."""
    people = 200
    rows = []
    async with ours("--members", str(people)) as running:
        for name, kind in (
            ("read by nobody", dialects.MediaChatClient),
            ("read by all", dialects.ReadingClient),
        ):
            connect = media_chat(running.urls, running.rooms, running.members, kind)
            load = Load(
                rooms=1, members=people, messages=scale.read_messages, window=1, rate=1, settle=1
            )
            (row,) = await _measured([load], connect, lambda: running.pids, limit=60)
            rows.append({"name": name} | row)
    return {"people": people, "rows": rows}


async def presence(scale: Scale) -> dict[str, Any]:
    """People who share many rooms, or one large public one, come online and leave again."""
    rows = []
    for kind, rooms, people in scale.coming:
        seed = ("--rooms", str(rooms), "--members", str(people), "--shared", "--written")
        async with ours(*seed, *(["--public"] if kind == "public" else [])) as running:
            rows.append({"kind": kind, "rooms": rooms, "people": people} | await _come(running))
    return {"rows": rows}


async def _come(running: Ours) -> Row:
    (members, *_), connects = running.members, []
    connect = media_chat(running.urls, running.rooms, running.members, dialects.ComingClient)

    async def timed(room: Room, number: int, index: int) -> Any:
        began = time.perf_counter()
        client = await connect(room, number, index)
        connects.append(time.perf_counter() - began)
        return client

    load = Load(rooms=1, members=len(members), messages=1, window=1)
    used, began = measure.cpu(running.pids), time.perf_counter()
    try:
        await gather(load.rooms, timed, len(members))
        await _quiet_again(running)
        took, cpu = time.perf_counter() - began, measure.cpu(running.pids) - used
    finally:
        load.close()
    clients: Any = load.rooms[0].clients
    used = measure.cpu(running.pids)
    await _quiet_again(running)
    return {
        "events_each": round(sum(client.events for client in clients) / len(clients), 1),
        "events_most": max(client.events for client in clients),
        "frames": sum(client.frames for client in clients),
        "cpu_s": round(cpu, 2),
        "wall_s": round(took, 2),
        "ready": measure.milliseconds(connects) | {"max_ms": round(max(connects) * 1000, 1)},
        "ready_kb": round(clients[-1].ready_size / 1000, 1),
        "leaving_cpu_s": round(measure.cpu(running.pids) - used, 2),
    }


async def _quiet_again(running: Ours) -> None:
    """Until the server has been at rest for a second."""
    while True:
        used = measure.cpu(running.pids)
        await asyncio.sleep(1)
        if measure.cpu(running.pids) - used < 0.1:
            return


# -- Connections ---------------------------------------------------------------------------------


async def idle(scale: Scale) -> dict[str, Any]:
    """People who only are there, five to a room."""
    rooms = scale.idle // 5
    rows = []

    async def held(name: str, connect: Connect, ids: Callable[[], list[int]]) -> Row:
        load = Load(rooms=rooms, members=5, messages=1, window=1)
        before, began = measure.memory(ids()), time.perf_counter()
        try:
            await gather(load.rooms, connect, 5)
            took = time.perf_counter() - began
            await asyncio.sleep(2)
            kb = (measure.memory(ids()) - before) / 1024 / scale.idle
            return {"name": name, "kb_per_connection": round(kb, 1), "connect_s": round(took, 1)}
        finally:
            load.close()

    async with ours("--rooms", str(rooms), "--members", "5") as running:
        rows.append(await held("Media Chat", running.connect, lambda: running.pids))
    async with scratch() as directory:
        for theirs in (
            servers.node_ws(),
            servers.socket_io(),
            servers.prosody(directory),
            servers.ejabberd(directory),
        ):
            try:
                theirs.start()
                rows.append(await held(theirs.name, theirs.connect, theirs.pids))
            except (NotInstalled, ConnectionError, TimeoutError) as error:
                rows.append({"name": theirs.name, "missing": str(error) or type(error).__name__})
            finally:
                theirs.stop()
    return {"connections": scale.idle, "rows": rows}


async def comeback(scale: Scale) -> dict[str, Any]:
    """The server is killed and started; everyone comes back at once with their position."""
    rooms, each = max(scale.returning // 20, 1), 20
    async with ours("--rooms", str(rooms), "--members", str(each)) as running:
        load = Load(rooms=rooms, members=each, messages=5, window=5)
        await gather(load.rooms, running.connect, each)
        await load.run(running.pids, limit=60)
        load.close()
        server = running.servers[0]
        server.kill()
        restarting = time.perf_counter()
        server.start()
        used, began = measure.cpu(running.pids), time.perf_counter()
        back = Load(rooms=rooms, members=each, messages=1, window=1)
        await asyncio.wait_for(
            asyncio.gather(
                *(
                    _comes_back(running, room, number, index)
                    for index in range(each)
                    for number, room in enumerate(back.rooms)
                )
            ),
            60,
        )
        took = time.perf_counter() - began
        cpu = measure.cpu(running.pids) - used
        reads = log_reads(server)
        back.close()
    return {
        "clients": scale.returning,
        "rooms": rooms,
        "started_s": round(began - restarting, 2),
        "in_step_s": round(took, 2),
        "cpu_ms_per_client": round(cpu / scale.returning * 1000, 2),
        "log_reads": reads,
    }


async def _comes_back(running: Ours, room: Room, number: int, index: int) -> None:
    """One client, who has seen the first message only."""
    client = await running.connect(room, number, index)
    room.clients.append(client)
    await dialects.synced(client, {running.rooms[number]: 1})


def log_reads(server: Server) -> int:
    """How many queries of rooms' logs this server has made for those who came back."""
    headers = {"Authorization": f"Bearer {server.environment['METRICS_TOKEN']}"}
    text = httpx.get(f"{server.url}/metrics", headers=headers, timeout=10).text
    line = next(line for line in text.splitlines() if line.startswith("mediachat_log_reads_total"))
    return int(float(line.split()[1]))


# -- Reading --------------------------------------------------------------------------------------


async def history(scale: Scale) -> dict[str, Any]:
    """Pages of 50 of one long room, over its whole depth, by the server's own clock."""
    async with scratch() as directory:
        data = directory / "ours"
        servers.seed(data, "--messages", str(scale.history), "--members", "20")
        timed = json.loads(servers.timed(data, "history"))
    return {"messages": scale.history, **timed}


SYNC_ROOMS, BEHIND = 500, 20


async def sync(scale: Scale) -> dict[str, Any]:
    """The command ``sync`` for someone in 500 rooms, at their client: in step with all of them,
    and after a restart behind in 20."""
    seed = ("--rooms", str(SYNC_ROOMS), "--members", "4", "--shared", "--messages", "3")
    commands = {}
    async with scratch() as directory:
        data = directory / "ours"
        servers.seed(data, *seed)
        timed = json.loads(servers.timed(data, "sync"))
    async with ours(*seed, "--in-each", "3") as running:
        server = running.servers[0]
        room = Load(rooms=1, members=1, messages=1, window=1).rooms[0]
        client = await running.connect(room, 0, 0)
        # What a restart forgot is read once, so each time it is others that moved.
        parts = [running.rooms[first : first + BEHIND] for first in range(0, SYNC_ROOMS, BEHIND)]
        behind: dict[str, list[list[str]]] = {
            "in step": [[]] * len(parts),
            f"{BEHIND} behind": parts,
        }
        for name, moved in behind.items():
            times, before = [], log_reads(server)
            for part in moved:
                positions = {id: 1 if id in part else 3 for id in running.rooms}
                began = time.perf_counter()
                await dialects.synced(client, positions)
                times.append(time.perf_counter() - began)
            reads = (log_reads(server) - before) / len(parts)
            commands[name] = {"queries": round(reads, 2), **measure.milliseconds(times)}
        client.close()
    return {"rooms": SYNC_ROOMS, **timed, "commands": commands}
