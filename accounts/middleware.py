"""Keeps the list of sessions up to date, and redirects people to required set-up steps."""

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.sessions import second_factor

INTERVAL = 300
"""Seconds between two notes of the same session."""


class SessionActivityMiddleware:
    """Records when and from where a session was last used.

    allauth's own middleware writes at every request, and a page with thirty pictures makes thirty;
    this one writes once per interval.
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
        # Redis is unavailable. The record is optional, the page is not.
        return False


class SecondFactorMiddleware:
    """Redirects people who must have a second factor to the page where they set one up.

    ``staff`` applies to the admin only, ``all`` to every page. Endpoints for programs check for
    themselves.
    """

    GOES_ON = "second_factor_goes_on"
    """Where the person wanted to go, in their session."""
    OF_PROGRAMS = ("/_allauth/", "/api/", "/embed/", "/media/")
    SETTING_UP = ("mfa_index", "account_logout", "account_reauthenticate", "account_inactive")
    CONFIRMING = ("account_email", "account_email_verification_sent")
    """An address that is not confirmed keeps allauth from setting one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._is_closed(request) and request.user.is_authenticated:
            if second_factor.is_missing(request.user):
                if request.method == "GET":
                    request.session[self.GOES_ON] = request.get_full_path()
                return redirect("mfa_activate_totp")
            if request.session.get(self.GOES_ON) == request.get_full_path():
                del request.session[self.GOES_ON]
        return self.get_response(request)

    def _is_closed(self, request: HttpRequest) -> bool:
        path = request.path
        match settings.REQUIRE_SECOND_FACTOR:
            case "all":
                names = [*self.SETTING_UP, *self.CONFIRMING]
                of_programs = request.path_info.startswith(self.OF_PROGRAMS)
                return not of_programs and not path.startswith(tuple(map(reverse, names)))
            case "staff":
                return path.startswith(reverse("admin:index"))
        return False
