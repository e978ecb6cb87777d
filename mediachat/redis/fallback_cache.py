"""The cache that processes share in Redis, with a local one while Redis is unavailable.

It holds sign-in limits and used tickets. Without Redis these apply in each process separately,
which is better than letting nobody in.
"""

import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

RETRY = 3.0
"""Seconds after which one caller tries Redis again, while the others go on without it."""


class JSONSerializer:
    """Serialises values as JSON. Django uses pickles, which would let anyone who can write to Redis
    run code in the servers.
    """

    def dumps(self, value: Any) -> int | bytes:
        """Serialises to JSON; raises ``TypeError`` for other values."""
        # Redis increments only values stored as plain integers.
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """Returns the value; None for a pickle, which a server of an older version wrote."""
        try:
            return int(data)
        except ValueError:
            pass
        try:
            return json.loads(data)
        except ValueError:
            return None


class FallbackCache(RedisCache):
    """Django's Redis cache, with JSON values and a local cache as the fallback."""

    _away_until: ClassVar[float] = 0.0
    """For all threads, each of which has an instance of its own."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._options = {"serializer": JSONSerializer} | params.get("OPTIONS", {})
        mine = {name: value for name, value in params.items() if name != "OPTIONS"}
        self._mine = LocMemCache("redis-is-away", mine | {"OPTIONS": {"MAX_ENTRIES": 100_000}})

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._either(super().add, self._mine.add, *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(super().get, self._mine.get, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._either(super().set, self._mine.set, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._either(super().touch, self._mine.touch, *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._either(super().delete, self._mine.delete, *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self._either(super().incr, self._mine.incr, *args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._either(super().has_key, self._mine.has_key, *args, **kwargs))

    def _either(
        self, shared: Callable[..., Any], mine: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        now, was_away = time.monotonic(), FallbackCache._away_until
        if now < was_away:
            return mine(*args, **kwargs)
        if was_away:  # this caller tries, so that the others need not wait
            FallbackCache._away_until = now + RETRY
        try:
            answer = shared(*args, **kwargs)
        except (RedisError, OSError) as error:
            logger.warning("cache_unreachable", error=reason(error))
            FallbackCache._away_until = time.monotonic() + RETRY
            return mine(*args, **kwargs)
        FallbackCache._away_until = 0.0
        return answer
