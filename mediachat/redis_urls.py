"""What ``REDIS_URL`` means for the channel layer and the cache."""

from typing import Any
from urllib.parse import urlsplit


def redis_host(url: str) -> str | dict[str, Any]:
    """One of the hosts of channels_redis."""
    if urlsplit(url).scheme != "sentinel":
        return url
    from mediachat.sentinel import Address

    return Address.parse(url).layer_host()


def cache_backend(url: str) -> str:
    """The dotted name of the cache that understands this address."""
    if urlsplit(url).scheme == "sentinel":
        return "mediachat.sentinel.SentinelCache"
    return "django.core.cache.backends.redis.RedisCache"
