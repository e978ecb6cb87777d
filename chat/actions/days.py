"""What one person may do to others in a day, beyond what it costs the server."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.cache import cache

from accounts.models import User
from chat.protocol import ChatError, ErrorCode

KEPT = 25 * 3600
"""Seconds for which a day's count is kept."""


def open_rooms(user: User, count: int = 1) -> None:
    """Counts rooms that someone opens.

    Raises:
        ChatError: ``rate_limited``, and nothing has been counted.
    """
    limit = settings.ROOMS_PER_DAY
    _count(user, "rooms", count, limit, f"You can open {limit:,} rooms in a day.")


def add_people(user: User, count: int) -> None:
    """Counts people whom someone adds to rooms.

    Raises:
        ChatError: ``rate_limited``, and nothing has been counted.
    """
    limit = settings.PEOPLE_ADDED_PER_DAY
    _count(user, "people", count, limit, f"You can add {limit:,} people to rooms in a day.")


def give_back_rooms(user: User, count: int = 1) -> None:
    """What has been counted was not opened after all."""
    _add(_key(user, "rooms", datetime.now(UTC)), -count)


def _count(user: User, what: str, count: int, limit: int, sentence: str) -> None:
    if not settings.RATE_LIMITS or not count:
        return
    now = datetime.now(UTC)
    key = _key(user, what, now)
    if _add(key, count) > limit:
        _add(key, -count)
        raise ChatError(ErrorCode.RATE_LIMITED, f"{sentence} Try again {_when(now)}.")


def _key(user: User, what: str, now: datetime) -> str:
    return f"day:{now:%Y-%m-%d}:{what}:{user.pk.hex}"


def _add(key: str, count: int) -> int:
    """The count with this added; all processes add to the same one, where there is Redis."""
    cache.add(key, 0, KEPT)
    try:
        return cache.incr(key, count)
    except ValueError:
        return count  # forgotten at this moment, by a cache that was emptied


def _when(now: datetime) -> str:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    hours, minutes = divmod(int((midnight - now).total_seconds()) // 60 + 1, 60)
    return f"in {hours} h {minutes} min, after midnight UTC"
