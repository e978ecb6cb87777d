"""Runs scripts in Redis for counts that processes share; while it is unavailable, each counts
alone.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from mediachat.monitoring.logs import reason
from mediachat.redis.urls import redis_client

logger = structlog.get_logger(__name__)

PREFIX = "mediachat:"
ANSWER_TIMEOUT_SECONDS = 1.0
"""Seconds to wait for an answer."""
RETRY = 3.0
"""Seconds after which one caller tries again, while the others go on alone."""


class RedisScripts:
    """Runs Lua scripts in Redis: each reads and writes atomically."""

    def __init__(self, url: str) -> None:
        self._redis = redis_client(url)
        self._scripts: dict[str, AsyncScript] = {}
        self._away_until = 0.0

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Returns the script's result, within ``ANSWER_TIMEOUT_SECONDS``; None while Redis is
        unavailable.
        """
        now, was_away = time.monotonic(), self._away_until
        if now < was_away:
            return None
        if was_away:  # this caller tries, so that the others need not wait
            self._away_until = now + RETRY
        if script not in self._scripts:
            self._scripts[script] = self._redis.register_script(script)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                answer = await self._scripts[script](
                    keys=[PREFIX + key for key in keys], args=list(arguments)
                )
        except (RedisError, OSError, TimeoutError) as error:
            logger.warning("limits_not_shared", error=reason(error))
            self._away_until = time.monotonic() + RETRY
            return None
        self._away_until = 0.0
        return answer


def shared() -> RedisScripts | None:
    """Returns None if there is only one process, or nothing is limited."""
    return RedisScripts(settings.REDIS_URL) if settings.REDIS_URL and settings.RATE_LIMITS else None
