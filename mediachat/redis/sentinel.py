"""Connects to Redis through Sentinels, which report the current primary.

``REDIS_URL=sentinel://:password@a:26379,b:26379,c:26379/mymaster/0``
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.cache.backends.redis import RedisCacheClient
from django.core.exceptions import ImproperlyConfigured
from redis.sentinel import Sentinel, SentinelConnectionPool

from mediachat.redis.fallback_cache import FallbackCache

SCHEME = "sentinel"
PORT = 26379
EXAMPLE = "sentinel://a:26379,b:26379,c:26379/mymaster/0"


@dataclass(frozen=True)
class Address:
    """The Sentinels' addresses, the name of the service they watch, and the credentials."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    db: int = 0
    username: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Parses the address; raises ``ImproperlyConfigured`` with an example."""
        parts = urlsplit(url)
        secret, _, hosts = parts.netloc.rpartition("@")
        username, _, password = secret.partition(":")
        name, _, db = parts.path.strip("/").partition("/")
        try:
            sentinels = tuple(_host_and_port(each) for each in hosts.split(","))
            number = int(db or 0)
        except ValueError:
            sentinels, number = (), 0
        if not name or not sentinels or not all(host for host, _ in sentinels):
            raise ImproperlyConfigured(f"REDIS_URL names no Sentinels. It looks like {EXAMPLE}")
        return cls(sentinels, name, number, unquote(username) or None, unquote(password) or None)

    def options(self) -> dict[str, Any]:
        """Returns options for connections to the primary."""
        return {"db": self.db, "username": self.username, "password": self.password}

    def layer_host(self) -> dict[str, Any]:
        """Returns the host in channels_redis' format."""
        named = {"sentinels": list(self.sentinels), "master_name": self.name}
        return named | {key: value for key, value in self.options().items() if value is not None}


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon else (text, PORT)


class SentinelCacheClient(RedisCacheClient):
    """Looks up the primary for each new connection, so that a failover needs no restart."""

    _servers: list[str]
    _pools: dict[int, Any]
    _pool_options: dict[str, Any]

    def _get_connection_pool(self, write: bool) -> SentinelConnectionPool:
        # One pool for reading and writing: a replica may not know a new ticket yet.
        if 0 not in self._pools:
            address = Address.parse(self._servers[0])
            timeouts = {
                name: self._pool_options[name]
                for name in ("socket_timeout", "socket_connect_timeout")
                if name in self._pool_options
            }
            sentinel = Sentinel(list(address.sentinels), sentinel_kwargs=timeouts)
            self._pools[0] = SentinelConnectionPool(
                address.name, sentinel, **address.options(), **timeouts
            )
        return self._pools[0]


class SentinelCache(FallbackCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        # Django would split the address at its commas.
        super().__init__("", params)
        self._servers = [server]
        self._class = SentinelCacheClient
