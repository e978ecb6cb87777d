"""Where allauth asks this product what to do."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from accounts import second_factor


class AccountAdapter(DefaultAccountAdapter):
    """For the pages and for programs alike."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is open or closed by a setting."""
        return bool(settings.SIGNUP_OPEN)

    def get_login_stages(self) -> list[str]:
        """allauth's, and last the step that a program cannot take by itself."""
        return [*super().get_login_stages(), "accounts.second_factor_steps.SetUpStage"]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Whose wrong passwords are counted together.

        allauth's own key has the request's Host in it, port and all, so whoever guesses would
        have five new attempts with each port that they make up.
        """
        return str(credentials.get("email") or credentials.get("username") or "").lower()


class SecondFactorAdapter(DefaultMFAAdapter):
    """For codes from an app, and for recovery codes."""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not where the person would have to set one up again at once."""
        return not second_factor.is_required(authenticator.user)
