"""Limits what one person may do to others in a day, regardless of server cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.cache import cache

from accounts.models import User
from chat.protocol import ChatError, ErrorCode

KEPT = 25 * 3600
"""Seconds for which a day's count is kept."""


@contextmanager
def counted(user: User, *, rooms: int = 0, people: int = 0) -> Iterator[None]:
    """Counts rooms that a person opens inside, and people they add; actions refused inside with a
    ``ChatError`` do not count.

    Raises:
        ChatError: ``rate_limited``, and nothing has been counted.
    """
    counts = (
        ("rooms", rooms, settings.ROOMS_PER_DAY, "You can open {:,} rooms in a day."),
        (
            "people",
            people,
            settings.PEOPLE_ADDED_PER_DAY,
            "You can add {:,} people to rooms in a day.",
        ),
    )
    taken: list[tuple[str, int]] = []
    try:
        for what, count, limit, sentence in counts:
            if settings.RATE_LIMITS and count:
                key = _count(user, what, count, limit, sentence.format(limit))
                taken.append((key, count))
        yield
    except ChatError:
        for key, count in taken:
            _add(key, -count)
        raise


def _count(user: User, what: str, count: int, limit: int, sentence: str) -> str:
    """Returns the key under which these are counted now."""
    now = datetime.now(UTC)
    key = f"day:{now:%Y-%m-%d}:{what}:{user.pk.hex}"
    if _add(key, count) > limit:
        _add(key, -count)
        raise ChatError(ErrorCode.RATE_LIMITED, f"{sentence} Try again {_when(now)}.")
    return key


def _add(key: str, count: int) -> int:
    """Adds to the count and returns it; all processes share it if there is Redis."""
    cache.add(key, 0, KEPT)
    try:
        return cache.incr(key, count)
    except ValueError:
        return count  # forgotten at this moment, by a cache that was emptied


def _when(now: datetime) -> str:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    hours, minutes = divmod(int((midnight - now).total_seconds()) // 60 + 1, 60)
    return f"in {hours} h {minutes} min, after midnight UTC"
