"""Shows times on the server's pages in the reader's time zone."""

from collections.abc import Callable
from contextlib import nullcontext
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE = "timezone"
"""What the browser calls its zone, such as ``Europe/Vienna``; ``chat/scripts/time-zone.js`` keeps
it."""
LONGEST = 64
"""Characters of a zone's name: the longest there is has half of them."""


class TimeZoneMiddleware:
    """Renders pages in the browser's zone; in UTC if it sent no known one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        zone = zone_named(request.COOKIES.get(COOKIE, ""))
        with timezone.override(zone) if zone else nullcontext():
            return self.get_response(request)


def zone_named(name: str) -> ZoneInfo | None:
    """Returns the zone of this name, or None if there is none."""
    if not name or len(name) > LONGEST:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
