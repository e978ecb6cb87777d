"""What a campaign runs on: real servers, databases and Redis, with proxies between them."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import databases
from tests.databases import servers as database_servers
from tests.databases.mortal import PostgreSQL
from tests.support.components import redis_server
from tests.support.live import Redis, Seeded, Server, fill, free_port
from tests.system.chaos.proxy import Proxy

HEARTBEAT = 2
"""Seconds between two looks of a server at its database, as in the other tests of failures."""


@dataclass
class Topology:
    """One installation of the product, and where each of its parts can be taken hold of."""

    name: str
    directory: Path
    seeded: Seeded
    servers: list[Server] = field(default_factory=list)
    doors: list[Proxy] = field(default_factory=list)
    """What people connect to: one before each server."""
    postgresql: PostgreSQL | None = None
    to_postgresql: Proxy | None = None
    redis: Redis | None = None
    to_redis: list[Proxy] = field(default_factory=list)
    """Each server's way to Redis."""
    keeps_files: bool = False
    """Whether its directory, with the servers' logs, is to be there afterwards."""

    @property
    def addresses(self) -> list[str]:
        return [f"http://127.0.0.1:{door.port}" for door in self.doors]

    def move_clock(self, server: int, seconds: float) -> None:
        _clock(self.directory, server).write_text(str(seconds))


def _clock(directory: Path, server: int) -> Path:
    return directory / f"clock-{server}"


@asynccontextmanager
async def sqlite() -> AsyncIterator[Topology]:
    """One process and a file."""
    async with AsyncExitStack() as stack:
        data = _new_data()
        topology = Topology("sqlite", data.parent, await asyncio.to_thread(fill, data))
        stack.callback(_tidy, topology)
        await _serve(stack, topology, 1)
        yield topology


@asynccontextmanager
async def postgres() -> AsyncIterator[Topology]:
    """One process and PostgreSQL."""
    async with AsyncExitStack() as stack:
        topology = await _on_postgresql(stack, "postgres")
        await _serve(stack, topology, 1)
        yield topology


@asynccontextmanager
async def cluster() -> AsyncIterator[Topology]:
    """Two processes, PostgreSQL and Redis."""
    async with AsyncExitStack() as stack:
        topology = await _on_postgresql(stack, "cluster")
        topology.redis = Redis(redis_server(), topology.directory / "redis")
        topology.redis.start()
        stack.callback(topology.redis.stop)
        for _ in range(2):
            topology.to_redis.append(
                await stack.enter_async_context(Proxy(topology.redis.port)),
            )
        await _serve(stack, topology, 2)
        yield topology


TOPOLOGIES: dict[str, Callable[[], AbstractAsyncContextManager[Topology]]] = {
    "sqlite": sqlite,
    "postgres": postgres,
    "cluster": cluster,
}


def _new_data() -> Path:
    data = Path(tempfile.mkdtemp(prefix="mediachat-chaos-")) / "data"
    data.mkdir()
    return data


def _tidy(topology: Topology) -> None:
    if not topology.keeps_files:
        shutil.rmtree(topology.directory, ignore_errors=True)


async def _on_postgresql(stack: AsyncExitStack, name: str) -> Topology:
    base = stack.enter_context(database_servers.postgresql())
    postgresql = PostgreSQL(base)
    port = int(base.rsplit(":", 1)[1])
    proxy = await stack.enter_async_context(Proxy(port))
    data = _new_data()
    address = await asyncio.to_thread(databases.create, base)
    (data / databases.ADDRESS).write_text(address.replace(f":{port}/", f":{proxy.port}/"))
    seeded = await asyncio.to_thread(fill, data)
    topology = Topology(name, data.parent, seeded, postgresql=postgresql, to_postgresql=proxy)
    stack.callback(_tidy, topology)
    return topology


async def _serve(stack: AsyncExitStack, topology: Topology, count: int) -> None:
    for number in range(count):
        topology.move_clock(number, 0)
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.support.settings_moved_clock",
            "CLOCK_FILE": str(_clock(topology.directory, number)),
            "HEARTBEAT": str(HEARTBEAT),
            "RATE_LIMITS": "off",
            "CONNECTIONS_PER_ADDRESS": "10000",
        }
        if topology.to_redis:
            environment["REDIS_URL"] = f"redis://127.0.0.1:{topology.to_redis[number].port}/0"
        server = Server(topology.seeded.data_dir, environment, free_port())
        topology.servers.append(server)
        stack.push_async_callback(asyncio.to_thread, server.kill)
        topology.doors.append(await stack.enter_async_context(Proxy(server.port)))
    await asyncio.gather(*(asyncio.to_thread(server.start) for server in topology.servers))
