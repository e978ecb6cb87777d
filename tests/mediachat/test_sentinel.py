"""A real primary, a replica and a Sentinel: the cache and the layer follow a failover."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.exceptions import ImproperlyConfigured

from mediachat.redis_urls import cache_backend, redis_host
from mediachat.sentinel import Address, SentinelCache
from tests.components import redis_server
from tests.live import Redis, free_port


def test_an_address_names_sentinels_and_what_they_watch() -> None:
    address = Address.parse("sentinel://me:p%40ss@a:1,b/mymaster/2")
    assert address == Address((("a", 1), ("b", 26379)), "mymaster", 2, "me", "p@ss")
    assert redis_host("redis://a:1/0") == "redis://a:1/0"
    assert cache_backend("redis://a:1/0") == "mediachat.caches.SharedCache"


@pytest.mark.parametrize("url", ["sentinel://", "sentinel://a", "sentinel://a:b/mymaster"])
def test_a_wrong_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="mymaster/0"):
        Address.parse(url)


@dataclass
class Watched:
    url: str
    primary: Redis


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
    yield Watched(f"sentinel://127.0.0.1:{sentinel}/mymaster/0", primary)
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
    import asyncio

    import redis

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
