"""The cache that all processes share in Redis, and each has for itself while Redis is away.

What is kept there are limits on signing in and the tickets that have been used. Without Redis
these hold in each process alone, which is better than to let nobody in.
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
    """Values as JSON. Django's own are pickles, with which whoever writes into Redis runs programs
    in the servers."""

    def dumps(self, value: Any) -> int | bytes:
        """Raises ``TypeError`` for what JSON cannot say."""
        # Redis counts with integers that stand there as such.
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """The value; None for a pickle, which a server of an older version wrote."""
        try:
            return int(data)
        except ValueError:
            pass
        try:
            return json.loads(data)
        except ValueError:
            return None


class FallbackCache(RedisCache):
    """Django's, with values as JSON and with a cache of this process behind it."""

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
        if was_away:  # this caller tries, and the others need not wait with it
            FallbackCache._away_until = now + RETRY
        try:
            answer = shared(*args, **kwargs)
        except (RedisError, OSError) as error:
            logger.warning("cache_unreachable", error=reason(error))
            FallbackCache._away_until = time.monotonic() + RETRY
            return mine(*args, **kwargs)
        FallbackCache._away_until = 0.0
        return answer
