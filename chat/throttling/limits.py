"""All limits on people and addresses in one process, in one object."""

from uuid import UUID

from chat.throttling import rate_limits
from chat.throttling.connection_limits import ConnectionLimiter
from chat.throttling.connects import Connects
from chat.throttling.rate_limits import RateLimiter
from mediachat.redis.scripts import RedisScripts


class Limits:
    """The limits on sockets and requests. If ``shared`` is given, all processes count together;
    without it each counts alone.
    """

    def __init__(self, shared: RedisScripts | None) -> None:
        self.places = ConnectionLimiter(shared)
        self.connects = Connects(shared)
        self._allowances = rate_limits.of_people(shared)
        self._downloads = rate_limits.of_downloads(shared)

    def allowance(self, user: UUID) -> RateLimiter:
        """Returns the allowance that all sockets of a person share with their HTTP requests."""
        return self._allowances.of(user.hex)

    def download_allowance(self, user: UUID) -> RateLimiter:
        """Returns a person's allowance of downloads."""
        return self._downloads.of(user.hex)
