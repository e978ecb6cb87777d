"""The pages of one's own account, for the head of each of them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import second_factor
from accounts.middleware import SecondFactorMiddleware


def account_pages(request: HttpRequest) -> dict[str, Any]:
    """A context processor: addresses by name, with what people read."""
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
        # Templates call these where they ask for them.
        "lacks_second_factor": lambda: second_factor.is_missing(request.user),
        "goes_on": lambda: _goes_on(request),
    }


def _goes_on(request: HttpRequest) -> str | None:
    """Where the person was going when they were led to set up a second factor."""
    address = request.session.get(SecondFactorMiddleware.GOES_ON)
    return None if address is None or second_factor.is_missing(request.user) else str(address)
