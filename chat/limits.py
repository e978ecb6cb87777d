"""How much one person may ask for at once, over all their sockets and on all processes.

Asking Redis for every frame would cost more than most frames do. So each process takes some of
a person's share in advance, a lease, and takes the next one while they use it up. What is
allowed too much is at most the leases that lie unused: a tenth of the burst for each process on
which the person has a socket.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from mediachat.shared import Shared

LEASE = 10
"""The part of the burst that is taken at once is one of so many."""
REMEMBERED = 10_000
"""People whose limits are remembered after they have gone."""

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
    """A token bucket: ``burst`` at once, then ``rate`` a second."""

    burst: float
    rate: float
    clock: Clock = time.monotonic
    _level: float = 0.0
    _at: float = 0.0

    def take(self, count: int = 1) -> int:
        """How many of so many more are allowed now."""
        now = self.clock()
        self._level = max(0.0, self._level - (now - self._at) * self.rate)
        self._at = now
        taken = max(0, int(min(count, self.burst - self._level)))
        self._level += taken
        return taken


@dataclass(slots=True)
class Allowance:
    """What one person may still do here. All their sockets have the same one."""

    bucket: Bucket
    """What they may do at this process, where it counts alone."""
    leases: "Leases | None" = None
    key: str = ""
    left: int = 0
    nothing_until: float = 0.0
    """When the next one may be had, by the clock of the bucket."""
    answer: "asyncio.Future[None] | None" = None

    def take(self) -> bool:
        """Whether one more is allowed, as far as that is known here."""
        if self.leases is None:
            return bool(self.bucket.take())
        if not self.left:
            return False
        self.left -= 1
        if self.left < self.leases.size // 2:
            self.leases.ask(self)
        return True

    async def wait(self) -> bool:
        """The same where ``take`` refused, after asking what the other processes have left."""
        while self.leases is not None and self.bucket.clock() >= self.nothing_until:
            await asyncio.shield(self.leases.ask(self))
            if self.take():
                return True
        return False


@dataclass
class Leases:
    """Asks for everyone who needs more, in one question."""

    shared: Shared
    size: int
    _wanting: list[Allowance] = field(default_factory=list)
    _task: "asyncio.Task[None] | None" = None

    def ask(self, allowance: Allowance) -> "asyncio.Future[None]":
        """What is done when the allowance has been filled up, or could not be."""
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

    async def _fill(self, asking: Collection[Allowance]) -> None:
        wanted = [self.size - each.left for each in asking]
        granted = None
        try:
            granted = await self.shared.run(
                _GRANT,
                [each.key for each in asking],
                [settings.RATE_BURST, settings.RATE_PER_SECOND, *wanted],
            )
        finally:
            for number, each in enumerate(asking):
                count = granted[number] if granted else each.bucket.take(wanted[number])
                each.left += count
                if not count:
                    each.nothing_until = each.bucket.clock() + 1 / each.bucket.rate
                answer, each.answer = each.answer, None
                if answer is not None and not answer.done():
                    answer.set_result(None)


class Allowances:
    """Everyone's."""

    def __init__(self, shared: Shared | None) -> None:
        size = max(1, settings.RATE_BURST // LEASE)
        self._leases = Leases(shared, size) if shared else None
        self._of: dict[UUID, Allowance] = {}

    def of(self, user: UUID, here: Collection[UUID] = ()) -> Allowance:
        """This person's; ``here`` are those who must not be forgotten."""
        found = self._of.get(user)
        if found is None:
            if len(self._of) > REMEMBERED:
                self._of = {id: self._of[id] for id in self._of.keys() & set(here)}
            found = self._of[user] = Allowance(frames(), self._leases, f"frames:{user.hex}")
        return found


def frames() -> Bucket:
    """The limit on the frames of one person."""
    if not settings.RATE_LIMITS:
        return Bucket(burst=float("inf"), rate=0.0)
    return Bucket(burst=settings.RATE_BURST, rate=settings.RATE_PER_SECOND)
