"""What fails, each by its name: a context in which a part of a topology is out of order."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import redis as redis_client

from tests.support.live import Server
from tests.system.chaos.workload import World
from tests.system.test_failures import forbid_writing

HOUR = 3600


@dataclass(frozen=True)
class Fault:
    """``run`` breaks something on entering, and has mended it on leaving."""

    name: str
    run: Callable[[World], AbstractAsyncContextManager[None]]
    seconds: float
    """How long it lasts, at the least."""
    limit: float = 5.0
    """Seconds after its end in which everybody has to be right again."""


def fault(
    seconds: float, limit: float = 5.0
) -> Callable[[Callable[[World], AsyncIterator[None]]], Fault]:
    """Makes a fault of a function that breaks, yields and mends; its name is the function's."""

    def make(function: Callable[[World], AsyncIterator[None]]) -> Fault:
        name = function.__name__.replace("_", " ")
        return Fault(name, asynccontextmanager(function), seconds, limit)

    return make


# -- Servers ---------------------------------------------------------------------------------------


@fault(0.3)
async def server_killed(world: World) -> AsyncIterator[None]:
    server = world.rng.choice(world.topology.servers)
    await asyncio.to_thread(server.kill)
    yield
    await asyncio.to_thread(server.start)


@fault(0.3)
async def server_stopped(world: World) -> AsyncIterator[None]:
    server = world.rng.choice(world.topology.servers)
    await asyncio.to_thread(server.stop)
    yield
    await asyncio.to_thread(server.start)


@fault(3.2)
async def server_paused(world: World) -> AsyncIterator[None]:
    server = world.rng.choice(world.topology.servers)
    _signal(server, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(server, signal.SIGCONT)


@fault(2.0)
async def clock_ahead(world: World) -> AsyncIterator[None]:
    number = world.rng.randrange(len(world.topology.servers))
    world.topology.move_clock(number, HOUR)
    yield
    world.topology.move_clock(number, 0)


@fault(2.0)
async def clock_back(world: World) -> AsyncIterator[None]:
    number = world.rng.randrange(len(world.topology.servers))
    world.topology.move_clock(number, -HOUR)
    yield
    world.topology.move_clock(number, 0)


def _signal(server: Server, number: signal.Signals) -> None:
    assert server.process
    os.killpg(server.process.pid, number)


# -- The way of clients ----------------------------------------------------------------------------


@fault(1.5)
async def clients_cut(world: World) -> AsyncIterator[None]:
    for door in world.topology.doors:
        door.cut()
    yield
    for door in world.topology.doors:
        door.mend()


@fault(3.5)
async def clients_in_a_black_hole(world: World) -> AsyncIterator[None]:
    door = world.rng.choice(world.topology.doors)
    door.black_hole()
    yield
    door.mend()


@fault(2.0)
async def connections_reset_again_and_again(world: World) -> AsyncIterator[None]:
    async def reset() -> None:
        while True:
            world.rng.choice(world.topology.doors).reset()
            await asyncio.sleep(world.rng.uniform(0.1, 0.6))

    resetting = asyncio.create_task(reset())
    yield
    resetting.cancel()


# -- SQLite ----------------------------------------------------------------------------------------


@fault(2.0)
async def disk_full(world: World) -> AsyncIterator[None]:
    forbid_writing(world.topology.servers[0], True)
    yield
    forbid_writing(world.topology.servers[0], False)


@fault(3.0)
async def database_locked(world: World) -> AsyncIterator[None]:
    """By another program that writes, as a disk that is slow to sync."""
    database = sqlite3.connect(
        world.topology.seeded.data_dir / "db.sqlite3", timeout=20, check_same_thread=False
    )
    await asyncio.to_thread(database.execute, "BEGIN IMMEDIATE")
    yield
    database.rollback()
    database.close()


@fault(2.5)
async def disk_slow(world: World) -> AsyncIterator[None]:
    """The database is held for most of each half second."""

    is_over = asyncio.Event()

    async def hold() -> None:
        while not is_over.is_set():
            async with database_locked.run(world):
                await asyncio.sleep(0.4)
            await asyncio.sleep(0.1)

    holding = asyncio.create_task(hold())
    yield
    # Not cancelled: a thread that waits for the lock would get it later, and keep it.
    is_over.set()
    await holding


# -- PostgreSQL ------------------------------------------------------------------------------------


@fault(1.0)
async def postgresql_killed(world: World) -> AsyncIterator[None]:
    assert world.topology.postgresql
    await asyncio.to_thread(world.topology.postgresql.kill)
    yield
    world.topology.postgresql.start()
    await asyncio.to_thread(world.topology.postgresql.wait_until_ready)


@fault(3.0)
async def postgresql_paused(world: World) -> AsyncIterator[None]:
    assert world.topology.postgresql
    world.topology.postgresql.pause()
    try:
        yield
    finally:
        world.topology.postgresql.resume()


@fault(2.0)
async def postgresql_disk_full(world: World) -> AsyncIterator[None]:
    assert world.topology.postgresql
    await asyncio.to_thread(world.topology.postgresql.fill_disk)
    yield
    await asyncio.to_thread(world.topology.postgresql.empty_disk)
    await asyncio.to_thread(world.topology.postgresql.wait_until_ready)


@fault(1.5)
async def postgresql_ends_all_connections(world: World) -> AsyncIterator[None]:
    """Twice, the second time into what has just come back."""
    assert world.topology.postgresql
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='mediachat'"
    )
    await asyncio.to_thread(world.topology.postgresql.execute, end)
    yield
    await asyncio.to_thread(world.topology.postgresql.execute, end)


@fault(2.5)
async def postgresql_ends_idle_connections(world: World) -> AsyncIterator[None]:
    assert world.topology.postgresql
    await asyncio.to_thread(
        world.topology.postgresql.execute,
        "ALTER SYSTEM SET idle_session_timeout = '100ms'",
        "SELECT pg_reload_conf()",
    )
    yield
    await asyncio.to_thread(
        world.topology.postgresql.execute,
        "ALTER SYSTEM RESET idle_session_timeout",
        "SELECT pg_reload_conf()",
    )


@fault(1.5)
async def postgresql_cut_off(world: World) -> AsyncIterator[None]:
    assert world.topology.to_postgresql
    world.topology.to_postgresql.cut()
    yield
    world.topology.to_postgresql.mend()


@fault(3.0)
async def postgresql_in_a_black_hole(world: World) -> AsyncIterator[None]:
    assert world.topology.to_postgresql
    world.topology.to_postgresql.black_hole()
    yield
    world.topology.to_postgresql.mend()


@fault(2.5)
async def queries_slow(world: World) -> AsyncIterator[None]:
    assert world.topology.to_postgresql
    world.topology.to_postgresql.slow(0.03)
    yield
    world.topology.to_postgresql.mend()


# -- Redis -----------------------------------------------------------------------------------------


@fault(1.5)
async def redis_killed(world: World) -> AsyncIterator[None]:
    assert world.topology.redis
    world.topology.redis.kill()
    yield
    await asyncio.to_thread(world.topology.redis.start)


@fault(3.0)
async def redis_paused(world: World) -> AsyncIterator[None]:
    assert world.topology.redis and world.topology.redis.process
    world.topology.redis.process.send_signal(signal.SIGSTOP)
    yield
    world.topology.redis.process.send_signal(signal.SIGCONT)


@fault(2.0)
async def redis_full(world: World) -> AsyncIterator[None]:
    assert world.topology.redis
    with redis_client.Redis(port=world.topology.redis.port) as control:
        control.config_set("maxmemory-policy", "noeviction")
        control.config_set("maxmemory", 1)
        yield
        control.config_set("maxmemory", 0)


@fault(2.0)
async def redis_cut_off(world: World) -> AsyncIterator[None]:
    """From one of the servers."""
    way = world.rng.choice(world.topology.to_redis)
    way.cut()
    yield
    way.mend()


@fault(3.5)
async def redis_in_a_black_hole(world: World) -> AsyncIterator[None]:
    """For one of the servers, which is not told."""
    way = world.rng.choice(world.topology.to_redis)
    way.black_hole()
    yield
    way.mend()


SERVER = [server_killed, server_stopped, server_paused, clock_ahead, clock_back]
CLIENTS = [clients_cut, clients_in_a_black_hole, connections_reset_again_and_again]
SQLITE = [disk_full, database_locked, disk_slow]
POSTGRESQL = [
    postgresql_killed,
    postgresql_paused,
    postgresql_disk_full,
    postgresql_ends_all_connections,
    postgresql_ends_idle_connections,
    postgresql_cut_off,
    postgresql_in_a_black_hole,
    queries_slow,
]
REDIS = [redis_killed, redis_paused, redis_full, redis_cut_off, redis_in_a_black_hole]
