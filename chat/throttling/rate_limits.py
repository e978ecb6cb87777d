"""Limits each person's rate of requests, over all their sockets and all processes.

The limit is in units of work; ``chat.throttling.prices`` gives the price of each request.

A Redis call per frame would cost more than most frames do. So each process takes a part of a
person's quota in advance, a lease, and renews it as it is used up. At most a lease, or the price of
the dearest waiting request, lies unused in each process on which the person has a socket.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from django.conf import settings

from mediachat.redis.scripts import RedisScripts

LEASE = 10
"""The part of the burst that is taken at once is one of so many."""
REMEMBERED = 10_000
"""People or addresses of which is remembered what they have used; the longest unheard of are
forgotten, and have mostly everything again by then."""

DOWNLOADS = 5
"""How many times as many files as other units a person may have."""
MAX_REJECTED_FRAMES = 1_000
"""Requests of one person that may be refused at once; a refusal is work too."""
REFUSALS_FORGOTTEN_PER_SECOND = 20.0
"""So many of them are forgotten each second: a client that asks again once in a while, after
being refused, is never closed."""

Clock = Callable[[], float]

# Of each person only one number is kept: when their bucket will be empty again, in seconds.
_GRANT = """
local burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local granted = {}
for n, key in ipairs(KEYS) do
  local empty_at = math.max(tonumber(redis.call('GET', key) or 0), now)
  local free = math.floor(burst - (empty_at - now) * rate + 0.000001)
  granted[n] = math.max(0, math.min(free, tonumber(ARGV[n + 2])))
  if granted[n] > 0 then
    empty_at = empty_at + granted[n] / rate
    redis.call('SET', key, string.format('%.6f', empty_at),
               'PX', math.ceil((empty_at - now) * 1000))
  end
end
return granted
"""


@dataclass(slots=True)
class Bucket:
    """A token bucket: a burst of ``burst``, then ``rate`` per second."""

    burst: float
    rate: float
    clock: Clock = time.monotonic
    _level: float = 0.0
    _at: float = 0.0

    def take(self, count: int = 1) -> int:
        """Takes up to so many tokens; returns how many it took."""
        now = self.clock()
        self._level = max(0.0, self._level - (now - self._at) * self.rate)
        self._at = now
        taken = max(0, int(min(count, self.burst - self._level)))
        self._level += taken
        return taken

    def spend(self, count: int = 1) -> bool:
        """Takes all of these tokens, or none."""
        if self.burst == float("inf"):
            return True
        self.take(0)
        count = min(count, int(self.burst))
        if self.burst - self._level < count:
            return False
        self._level += count
        return True

    def owe(self, count: int) -> None:
        """Takes so many tokens even if they are missing, down to a debt of one more burst. A
        negative number gives tokens back.
        """
        if self.burst == float("inf"):
            return
        self.take(0)
        self._level = max(0.0, min(self._level + count, 2 * self.burst))


@dataclass(slots=True)
class RateLimiter:
    """One person's remaining quota in this process, shared by all their sockets."""

    bucket: Bucket
    """What they may do at this process, where it counts alone."""
    leases: "QuotaLease | None" = None
    key: str = ""
    left: int = 0
    wanted: int = 0
    """What the dearest request that waits needs."""
    nothing_until: float = 0.0
    """When the next one may be had, by the clock of the bucket."""
    answer: "asyncio.Future[None] | None" = None
    _refused: Bucket | None = None

    def take(self, count: int = 1) -> bool:
        """Returns whether so many more are allowed, as far as this process knows. A price above the
        maximum costs the maximum.
        """
        if self.leases is None:
            return self.bucket.spend(count)
        if count > 1:
            count = min(count, self.leases.burst)
        if self.left < count:
            return False
        self.left -= count
        if self.left < self.leases.size // 2:
            self.leases.ask(self)
        return True

    async def wait(self, count: int = 1) -> bool:
        """Does the same after ``take`` refused, with the quota that other processes have left."""
        while self.leases is not None and self.bucket.clock() >= self.nothing_until:
            self.wanted = max(self.wanted, min(count, self.leases.burst))
            await asyncio.shield(self.leases.ask(self))
            if self.take(count):
                return True
        return False

    async def pay(self, count: int = 1) -> bool:
        """Returns whether so many more are allowed."""
        return self.take(count) or await self.wait(count)

    def refuse(self) -> bool:
        """Records a refusal, and returns whether there were too many of them."""
        if self._refused is None:
            self._refused = Bucket(
                MAX_REJECTED_FRAMES, REFUSALS_FORGOTTEN_PER_SECOND, self.bucket.clock
            )
        return not self._refused.spend()

    def owe(self, count: int) -> None:
        """Charges work that is done already: a debt delays the next requests. A negative number
        gives units back.
        """
        if self.leases is None:
            self.bucket.owe(count)
            return
        self.left = min(max(self.left - count, -self.leases.burst), self.leases.burst)
        if self.left < self.leases.size // 2:
            self.leases.ask(self)


@dataclass
class QuotaLease:
    """Renews the quota of everyone who needs it, in one call to Redis."""

    shared: RedisScripts
    burst: int
    rate: float
    _wanting: list[RateLimiter] = field(default_factory=list)
    _task: "asyncio.Task[None] | None" = None

    @property
    def size(self) -> int:
        """Returns the size of one lease."""
        return max(1, self.burst // LEASE)

    def ask(self, allowance: RateLimiter) -> "asyncio.Future[None]":
        """Returns a future that is done when the allowance was refilled, or the refill failed."""
        if allowance.answer is None:
            allowance.answer = asyncio.get_running_loop().create_future()
            self._wanting.append(allowance)
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        return allowance.answer

    async def _run(self) -> None:
        try:
            while self._wanting:
                asking, self._wanting = self._wanting, []
                await self._fill(asking)
        finally:
            self._task = None

    async def _fill(self, asking: Collection[RateLimiter]) -> None:
        wanted = [max(self.size, each.wanted) - each.left for each in asking]
        granted = None
        try:
            granted = await self.shared.run(
                _GRANT,
                [each.key for each in asking],
                [self.burst, self.rate, *wanted],
            )
        finally:
            for number, each in enumerate(asking):
                count = granted[number] if granted else each.bucket.take(wanted[number])
                each.left += count
                each.wanted = 0
                if count < wanted[number]:
                    each.nothing_until = each.bucket.clock() + 1 / each.bucket.rate
                answer, each.answer = each.answer, None
                if answer is not None and not answer.done():
                    answer.set_result(None)


class RateLimiters:
    """The rate limiters of all people or addresses, by key."""

    def __init__(self, shared: RedisScripts | None, name: str, *, burst: int, rate: float) -> None:
        """``burst`` at once, and then ``rate`` a second; ``name`` is what Redis knows them by."""
        self._name = name
        self._burst, self._rate = burst, rate
        self._leases = QuotaLease(shared, burst, rate) if shared else None
        self._of: OrderedDict[str, RateLimiter] = OrderedDict()

    def of(self, key: str) -> RateLimiter:
        """Returns the limiter of one person, address or other key."""
        found = self._of.get(key)
        if found is not None:
            self._of.move_to_end(key)
            return found
        while len(self._of) >= REMEMBERED:
            self._of.popitem(last=False)
        found = self._of[key] = RateLimiter(self._bucket(), self._leases, f"{self._name}:{key}")
        return found

    def _bucket(self) -> Bucket:
        if not settings.RATE_LIMITS:
            return Bucket(burst=float("inf"), rate=0.0)
        return Bucket(burst=self._burst, rate=self._rate)


def of_people(shared: RedisScripts | None) -> RateLimiters:
    """Returns limiters of units of work, per person."""
    burst, rate = settings.RATE_BURST, settings.RATE_PER_SECOND
    return RateLimiters(shared, "units", burst=burst, rate=rate)


def of_downloads(shared: RedisScripts | None) -> RateLimiters:
    """Returns limiters of downloads, per person: a page of history can show a thousand pictures."""
    burst, rate = settings.RATE_BURST * DOWNLOADS, settings.RATE_PER_SECOND * DOWNLOADS
    return RateLimiters(shared, "downloads", burst=burst, rate=rate)


def of_connects(shared: RedisScripts | None, name: str, *, a_minute: int) -> RateLimiters:
    """Returns limiters of connections: so many per minute, with a burst."""
    return RateLimiters(shared, name, burst=a_minute, rate=a_minute / 60)
