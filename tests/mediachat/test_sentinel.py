"""A real primary, a replica and a Sentinel: the cache and the layer follow a failover."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.exceptions import ImproperlyConfigured

from mediachat.redis.sentinel import Address, SentinelCache
from mediachat.redis.urls import cache_backend, redis_host
from tests.conftest import Serve
from tests.support.components import redis_server
from tests.support.live import Redis, Seeded, free_port
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once


def test_an_address_names_sentinels_and_what_they_watch() -> None:
    address = Address.parse("sentinel://me:p%40ss@a:1,b/mymaster/2")
    assert address == Address((("a", 1), ("b", 26379)), "mymaster", 2, "me", "p@ss")
    assert redis_host("redis://a:1/0") == "redis://a:1/0"
    assert cache_backend("redis://a:1/0") == "mediachat.redis.fallback_cache.FallbackCache"


@pytest.mark.parametrize("url", ["sentinel://", "sentinel://a", "sentinel://a:b/mymaster"])
def test_a_wrong_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="mymaster/0"):
        Address.parse(url)


@dataclass
class Watched:
    url: str
    primary: Redis
    replica: int
    """Its port."""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    program = redis_server()
    primary = Redis(program, tmp_path / "primary")
    primary.start()
    port, sentinel = free_port(), free_port()
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"port {sentinel}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor mymaster 127.0.0.1 {primary.port} 1\n"
        "sentinel down-after-milliseconds mymaster 500\n"
        "sentinel failover-timeout mymaster 2000\n"
    )
    replica = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    replica += ["--replicaof", "127.0.0.1", str(primary.port), "--repl-diskless-sync-delay", "0"]
    commands = [[program, *replica], [program, str(configuration), "--sentinel"]]
    processes = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) for command in commands
    ]
    yield Watched(f"sentinel://127.0.0.1:{sentinel}/mymaster/0", primary, port)
    for process in processes:
        process.kill()
        process.wait(10)
    primary.stop()


def eventually(work, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


async def _round_trip(layer: RedisPubSubChannelLayer) -> str:
    channel = await layer.new_channel()
    await layer.group_add("room", channel)
    await layer.group_send("room", {"type": "x", "text": "hello"})
    message = await layer.receive(channel)
    return str(message["text"])


def test_the_cache_and_the_layer_follow_a_failover(watched: Watched) -> None:
    cache = SentinelCache(watched.url, {"OPTIONS": {"socket_timeout": 2}})
    eventually(lambda: cache.set("before", 1))
    assert cache.get("before") == 1

    def replicated() -> None:
        info = redis.Redis(port=watched.primary.port).info("replication")
        assert info["slave0"]["state"] == "online"

    eventually(replicated)
    # The Sentinel asks its primary for replicas every ten seconds.
    time.sleep(11)
    watched.primary.kill()
    eventually(lambda: cache.set("after", 2))
    assert cache.get("after") == 2

    async def through_the_layer() -> str:
        layer = RedisPubSubChannelLayer(hosts=[redis_host(watched.url)], prefix="test")
        return await asyncio.wait_for(_round_trip(layer), 10)

    assert eventually(lambda: asyncio.run(through_the_layer())) == "hello"


@pytest.mark.timeout(180)
async def test_servers_reach_each_other_again_after_a_failover(
    watched: Watched, serve: Serve, seeded: Seeded
) -> None:
    # So far apart that no message can have come with a heartbeat.
    common: Any = {"REDIS_URL": watched.url, "HEARTBEAT": "120"}
    first = serve(expect_errors=True, **common)
    second = serve(data_of=first, expect_errors=True, **common)
    room = seeded.rooms["crowd"]
    async with (
        OutsideClient(first.url, "crowd0") as anna,
        OutsideClient(second.url, "crowd1") as ben,
    ):
        await anna.send(room, "before")
        await ben.until(lambda: ben.bodies(room) == ["before"])
        await asyncio.sleep(11)  # as above
        watched.primary.kill()
        sent = 0
        deadline = time.monotonic() + 60
        while f"after {sent}" not in ben.bodies(room):
            assert time.monotonic() < deadline, "no message came live"
            sent += 1
            assert (await anna.send(room, f"after {sent}"))["number"] == sent + 1
            await asyncio.sleep(1)
        assert ben.bodies(room) == ["before", *(f"after {n}" for n in range(1, sent + 1))]
        # What is counted together is counted in the new primary.
        new = redis.Redis(port=watched.replica)
        deadline = time.monotonic() + 20
        while new.zcard("mediachat:processes") != 2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.5)
