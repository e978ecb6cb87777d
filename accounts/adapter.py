"""Where allauth asks this product what to do."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """For the pages and for programs alike."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is open or closed by a setting."""
        return bool(settings.SIGNUP_OPEN)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Whose wrong passwords are counted together.

        allauth's own key has the request's Host in it, port and all, so whoever guesses would
        have five new attempts with each port that they make up.
        """
        return str(credentials.get("email") or credentials.get("username") or "").lower()
