"""Recognises browsers in which a person signed in before, by a cookie that outlives the session.

The cookie grants no access. It keeps wrong passwords from elsewhere from counting against this
browser (``guessing``).
"""

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from accounts.models import User

COOKIE = f"{settings.COOKIE_PREFIX}device"
LIFETIME = 365 * 24 * 3600
"""Seconds after the last sign-in."""
PEOPLE = 5
"""Names that one browser is known for, the newest first."""
_SALT = "accounts.devices"


def known(request: HttpRequest, name: str) -> str | None:
    """Returns the browser's id if the person with this username has signed in there."""
    device, people = _read(request)
    return device if _reference(name) in people else None


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, people = signing.loads(request.COOKIES[COOKIE], salt=_SALT, max_age=LIFETIME)
    except (KeyError, ValueError, signing.BadSignature):
        return secrets.token_urlsafe(12), []
    return device, people


def _reference(name: str) -> str:
    """Returns a reference that only the server can link to the name, not others who use the
    browser.
    """
    return salted_hmac(_SALT, name).hexdigest()[:16]


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is not None:
        request.signed_in_as = user.username  # type: ignore[attr-defined]


class DeviceMiddleware:
    """Sets the cookie in browsers in which a person has just completed every step of signing in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        name = getattr(request, "signed_in_as", "")
        if name:
            device, people = _read(request)
            mine = _reference(name)
            people = [mine, *(each for each in people if each != mine)][:PEOPLE]
            response.set_cookie(
                COOKIE,
                signing.dumps([device, people], salt=_SALT),
                max_age=LIFETIME,
                path=settings.SESSION_COOKIE_PATH,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
