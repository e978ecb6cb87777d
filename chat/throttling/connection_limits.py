"""Limits open sockets per person and address, and uploads per person, across all processes.

Each process publishes its counts in a hash of its own in Redis, which it must keep alive: the
counts of a killed process expire after some seconds.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from mediachat.addresses import networks
from mediachat.redis.scripts import RedisScripts

INTERVAL = 2.0
"""Seconds between two signs of life."""
LIFETIME = 7.0
"""Seconds without one after which a process counts as gone."""

PROCESSES = "processes"
"""When each process will count as gone, if nothing more is heard of it."""

# Arguments: this process, its lifetime; then for each name the local count with the new one, and
# the global limit. Others' hashes have our key with their own name at the end.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, lifetime = ARGV[1], tonumber(ARGV[2])
local others = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
local stem = string.sub(KEYS[2], 1, -1 - #me)
for n = 3, #ARGV, 3 do
  local sum = tonumber(ARGV[n + 1])
  for _, process in ipairs(others) do
    if process ~= me then
      sum = sum + tonumber(redis.call('HGET', stem .. process, ARGV[n]) or 0)
    end
  end
  if sum > tonumber(ARGV[n + 2]) then return 0 end
end
for n = 3, #ARGV, 3 do redis.call('HSET', KEYS[2], ARGV[n], ARGV[n + 1]) end
redis.call('PEXPIRE', KEYS[2], lifetime)
redis.call('ZADD', KEYS[1], now + lifetime, me)
return 1
"""

# Arguments: this process, its lifetime, names and local counts. Returns whether Redis still had the
# earlier counts.
_SAY = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, lifetime = ARGV[1], tonumber(ARGV[2])
local known = redis.call('EXISTS', KEYS[2])
for n = 3, #ARGV, 2 do
  if tonumber(ARGV[n + 1]) > 0 then redis.call('HSET', KEYS[2], ARGV[n], ARGV[n + 1])
  else redis.call('HDEL', KEYS[2], ARGV[n]) end
end
redis.call('PEXPIRE', KEYS[2], lifetime)
redis.call('ZADD', KEYS[1], now + lifetime, me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return known
"""


class ConnectionLimiter:
    """Counts the sockets of this process, and decides whether another may open."""

    def __init__(self, shared: RedisScripts | None) -> None:
        self._shared = shared
        self._process = uuid.uuid4().hex
        self._here: Counter[str] = Counter()
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        # Counts are absolute: an older one must not overtake a newer one.
        self._one_after_another = asyncio.Lock()
        self.open = 0

    async def acquire(self, user: UUID, address: str) -> bool:
        """Returns whether this person may open one more socket from this address. If so, it counts
        until it is released; while Redis is unavailable, only this process's sockets count.
        """
        if not await self._take(_limits(user, address)):
            return False
        self.open += 1
        return True

    def release(self, user: UUID, address: str) -> None:
        """Releases a closed socket."""
        self.open -= 1
        self._release(_limits(user, address))

    async def acquire_upload(self, user: UUID) -> bool:
        """Does the same for one more upload of this person."""
        return await self._take(_upload_limit(user))

    def release_upload(self, user: UUID) -> None:
        """Releases a finished upload."""
        self._release(_upload_limit(user))

    async def _take(self, limits: dict[str, int]) -> bool:
        if settings.RATE_LIMITS and any(
            self._here[name] >= limit for name, limit in limits.items()
        ):
            return False
        self._here.update(limits.keys())
        if self._shared is None or await self._is_granted(self._shared, limits):
            return True
        self._release(limits)
        return False

    def _release(self, names: Iterable[str]) -> None:
        for name in names:
            self._here[name] -= 1
            if not self._here[name]:
                del self._here[name]
            self._changed.add(name)
        self._news.set()

    async def run(self) -> None:
        """Publishes released sockets to the other processes, and keeps this process's
        counts alive.
        """
        while self._shared is not None:
            try:
                async with asyncio.timeout(INTERVAL):
                    await self._news.wait()
            except TimeoutError:
                pass
            await self._say(self._shared)

    async def _is_granted(self, shared: RedisScripts, limits: dict[str, int]) -> bool:
        async with self._one_after_another:
            figures = [(name, self._here[name], limit) for name, limit in limits.items()]
            granted = await shared.run(_TAKE, self._keys(), self._arguments(*figures))
        if granted is None:
            self._changed.update(limits)
        return granted != 0

    async def _say(self, shared: RedisScripts) -> None:
        async with self._one_after_another:
            self._news.clear()
            changed, self._changed = self._changed, set()
            if await self._said(shared, changed) == 0 and self._here:
                # Redis was restarted, or our counts have expired.
                await self._said(shared, set(self._here))

    async def _said(self, shared: RedisScripts, names: set[str]) -> int | None:
        figures = [(name, self._here[name]) for name in names]
        known: int | None = await shared.run(_SAY, self._keys(), self._arguments(*figures))
        if known is None:
            self._changed |= names
        return known

    def _keys(self) -> list[str]:
        return [PROCESSES, f"sockets:{self._process}"]

    def _arguments(self, *figures: tuple[str | int, ...]) -> list[str | int]:
        flat = [value for figure in figures for value in figure]
        return [self._process, int(LIFETIME * 1000), *flat]


def _limits(user: UUID, address: str) -> dict[str, int]:
    address, _ = networks(address)
    return {
        f"person:{user.hex}": settings.SOCKETS_PER_PERSON,
        f"address:{address}": settings.SOCKETS_PER_ADDRESS,
    }


def _upload_limit(user: UUID) -> dict[str, int]:
    return {f"uploads:{user.hex}": settings.UPLOADS_AT_ONCE}
