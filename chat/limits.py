"""How much one person may ask for at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings


@dataclass(slots=True)
class Bucket:
    """A token bucket: ``burst`` at once, then ``rate`` a second."""

    burst: float
    rate: float
    clock: Callable[[], float] = time.monotonic
    _level: float = 0.0
    _at: float = 0.0

    def take(self) -> bool:
        """Whether one more is allowed now."""
        now = self.clock()
        self._level = max(0.0, self._level - (now - self._at) * self.rate)
        self._at = now
        if self._level + 1 > self.burst:
            return False
        self._level += 1
        return True


def frames() -> Bucket:
    """The limit on the frames of one person."""
    if not settings.RATE_LIMITS:
        return Bucket(burst=float("inf"), rate=0.0)
    return Bucket(burst=settings.RATE_BURST, rate=settings.RATE_PER_SECOND)
