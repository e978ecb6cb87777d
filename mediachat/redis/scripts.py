"""What processes count together, in Redis; while it is away, each counts alone."""

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
    """Redis, asked by scripts: each reads and writes in one step, whoever else does the same."""

    def __init__(self, url: str) -> None:
        self._redis = redis_client(url)
        self._scripts: dict[str, AsyncScript] = {}
        self._away_until = 0.0

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """What the script returns, after ``ANSWER_TIMEOUT_SECONDS`` at most; None while Redis is
        away."""
        now, was_away = time.monotonic(), self._away_until
        if now < was_away:
            return None
        if was_away:  # this caller tries, and the others need not wait with it
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
    """None where there is one process, or nothing is limited."""
    return RedisScripts(settings.REDIS_URL) if settings.REDIS_URL and settings.RATE_LIMITS else None
