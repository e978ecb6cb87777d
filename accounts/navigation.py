"""The pages of one's own account, for the head of each of them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


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
    return {"account_pages": pages}
