"""Where allauth asks this product what to do."""

import re
from collections.abc import Iterable
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string

from accounts import changes, guessing, names, sealing, second_factor
from accounts.hashers import TooManyHashes
from accounts.models import UsernameTaken
from accounts.usernames import normalize

logger = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """For the pages and for programs alike."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is open or closed by a setting."""
        return bool(settings.SIGNUP_OPEN)

    def get_login_stages(self) -> list[str]:
        """allauth's, and last the step that a program cannot take by itself."""
        return [*super().get_login_stages(), "accounts.second_factor_steps.SetUpStage"]

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """For those who sign up. The adapter of allauth would check before it normalises."""
        return names.clean_username(username)

    def save_user(
        self, request: HttpRequest, user: Any, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        """As allauth's, also where somebody else took the name a moment ago."""
        try:
            return super().save_user(request, user, form, commit=commit)
        except UsernameTaken as taken:
            if is_headless_request(request):
                answer: HttpResponse = ErrorResponse(request, exception=taken)
            else:
                messages.error(request, "Somebody has just taken this name. Choose another.")
                answer = redirect("account_signup")
            raise ImmediateHttpResponse(answer) from None

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> Any:
        """As allauth's, which has the text alone: with the same text in our look beside it."""
        mail: Any = super().render_mail(template_prefix, email, context, headers)
        look = {
            "subject": mail.subject,
            "heading": mail.subject.removeprefix(settings.ACCOUNT_EMAIL_SUBJECT_PREFIX),
            "paragraphs": re.split(r"\n\s*\n", mail.body),
        }
        mail.attach_alternative(render_to_string("accounts/mail.html", look), "text/html")
        return mail

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere else, and no error where a proxy left its header out."""
        return guessing.address_of(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts wrong passwords in our way instead of allauth's, which lets anyone lock anyone
        out, and forty names be guessed from one network."""
        guess = guessing.guess(request, _name(credentials))
        # allauth rolls it back where the password is right.
        self._login_failed_rl_usage: Any = guess
        if not guess.count():
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """As allauth's; what could not be compared is not counted as wrong."""
        if username := credentials.get("username"):
            credentials["username"] = normalize(username)
        try:
            return super().authenticate(request, **credentials)
        except TooManyHashes:
            self._rollback_login_failed_rl_usage()
            raise


def _name(credentials: dict[str, Any]) -> str:
    return str(credentials.get("username") or credentials.get("email") or "")


class SecondFactorAdapter(DefaultMFAAdapter):
    """For codes from an app, and for recovery codes, whose secrets are sealed."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; if it cannot be read, one that nobody has, so that no code is right."""
        try:
            return sealing.unseal(encrypted_text)
        except sealing.UnreadableError:
            logger.warning("second_factor_unreadable")
            return generate_totp_secret()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not where the person would have to set one up again at once."""
        return not second_factor.is_required(authenticator.user)


class SessionsAdapter(DefaultUserSessionsAdapter):
    """For the list of devices."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        sessions = list(sessions)
        super().end_sessions(sessions)
        if sessions:
            number = len(sessions)
            what = "A session was ended." if number == 1 else f"{number} sessions were ended."
            changes.tell("end_sessions", sessions[0].user, what)
