"""Keeps the list of a person's sessions up to date."""

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase

INTERVAL = 300
"""Seconds between two notes of the same session."""


class SessionActivityMiddleware:
    """Notes when and from where a session was last used.

    allauth's own middleware writes at every request, and a page with thirty pictures makes
    thirty; here a session is noted once in an interval.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.session.session_key
        if key and request.user.is_authenticated and _is_due(key):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


def _is_due(session_key: str) -> bool:
    try:
        return cache.add(f"session-noted:{session_key}", True, INTERVAL)
    except Exception:
        # Redis is away. People can do without the note, and not without the page.
        return False
