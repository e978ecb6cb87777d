"""All that one process lets people and addresses have, in one object."""

from uuid import UUID

from chat.throttling import rate_limits
from chat.throttling.connection_limits import ConnectionLimiter
from chat.throttling.connects import Connects
from chat.throttling.rate_limits import RateLimiter
from mediachat.redis.scripts import RedisScripts


class Limits:
    """How many sockets there may be, and how much may be asked for. What is ``shared`` is counted
    for all processes together; without it each counts alone."""

    def __init__(self, shared: RedisScripts | None) -> None:
        self.places = ConnectionLimiter(shared)
        self.connects = Connects(shared)
        self._allowances = rate_limits.of_people(shared)
        self._downloads = rate_limits.of_downloads(shared)

    def allowance(self, user: UUID) -> RateLimiter:
        """What all sockets of a person may ask for together, and their requests over HTTP."""
        return self._allowances.of(user.hex)

    def download_allowance(self, user: UUID) -> RateLimiter:
        """How many files a person may have."""
        return self._downloads.of(user.hex)
