"""Derives the channel layer, the cache and the scripts' client from ``REDIS_URL``."""

from typing import Any
from urllib.parse import urlsplit

from redis import asyncio as redis
from redis.asyncio.sentinel import Sentinel


def redis_host(url: str) -> str | dict[str, Any]:
    """Returns a host entry for channels_redis."""
    if urlsplit(url).scheme != "sentinel":
        return url
    from mediachat.redis.sentinel import Address

    return Address.parse(url).layer_host()


def cache_backend(url: str) -> str:
    """Returns the dotted name of the cache class for this address."""
    if urlsplit(url).scheme == "sentinel":
        return "mediachat.redis.sentinel.SentinelCache"
    return "mediachat.redis.fallback_cache.FallbackCache"


def redis_client(url: str) -> "redis.Redis":
    """Returns an asyncio client for this Redis."""
    if urlsplit(url).scheme != "sentinel":
        return redis.Redis.from_url(url)
    from mediachat.redis.sentinel import Address

    address = Address.parse(url)
    client: redis.Redis = Sentinel(list(address.sentinels)).master_for(
        address.name, **address.options()
    )
    return client
