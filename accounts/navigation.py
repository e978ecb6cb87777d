"""Navigation links for the header of the account pages."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.middleware import SecondFactorMiddleware
from accounts.sessions import second_factor


def account_pages(request: HttpRequest) -> dict[str, Any]:
    """A context processor: the addresses of the account pages by name, with their titles."""
    pages = [
        ("accounts_profile", "Profile"),
        ("account_change_password", "Password"),
        ("mfa_index", "Two-step sign-in"),
        ("usersessions_list", "Devices"),
    ]
    if settings.EMAIL_URL:
        pages.append(("account_email", "E-mail"))
    return {
        "account_pages": pages,
        # Functions, so that templates compute only those they use.
        "lacks_second_factor": lambda: second_factor.is_missing(request.user),
        "goes_on": lambda: _goes_on(request),
    }


def _goes_on(request: HttpRequest) -> str | None:
    """Returns the page that the person wanted before they had to set up a second factor."""
    address = request.session.get(SecondFactorMiddleware.GOES_ON)
    return None if address is None or second_factor.is_missing(request.user) else str(address)
