"""Adapters that change how allauth behaves in this product."""

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

from accounts import sealing
from accounts.models import UsernameTaken
from accounts.names.usernames import normalize
from accounts.passwords.hashers import TooManyHashes
from accounts.profile import allowed_names
from accounts.records import changes
from accounts.sessions import second_factor
from accounts.sign_in import guessing

logger = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Changes allauth for both the pages and the API that programs use."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Returns whether a setting leaves sign-up open."""
        return bool(settings.SIGNUP_OPEN)

    def get_login_stages(self) -> list[str]:
        """Returns allauth's stages, followed by the one that a program cannot complete
        by itself.
        """
        return [*super().get_login_stages(), "accounts.sign_in.second_factor_steps.SetUpStage"]

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Normalises and checks a new username. allauth would check it before normalising it."""
        return allowed_names.clean_username(username)

    def save_user(
        self, request: HttpRequest, user: Any, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        """Saves like allauth, and also handles a username that another person took a moment ago."""
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
        """Renders allauth's text e-mail and adds an HTML version of the same text in our style."""
        mail: Any = super().render_mail(template_prefix, email, context, headers)
        look = {
            "subject": mail.subject,
            "heading": mail.subject.removeprefix(settings.ACCOUNT_EMAIL_SUBJECT_PREFIX),
            "paragraphs": re.split(r"\n\s*\n", mail.body),
        }
        mail.attach_alternative(render_to_string("accounts/mail.html", look), "text/html")
        return mail

    def get_client_ip(self, request: HttpRequest) -> str:
        """Returns the client's address as elsewhere, without an error if a proxy sent no header."""
        return guessing.address_of(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts wrong passwords with our limits. allauth's limits would let anyone lock another
        person out, and let one network try forty names.
        """
        guess = guessing.guess(request, _name(credentials))
        # allauth rolls it back where the password is right.
        self._login_failed_rl_usage: Any = guess
        if not guess.count():
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Authenticates like allauth. A password that could not be compared does not count as
        wrong.
        """
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
    """Adapts allauth's second factors: seals the secrets of authenticator apps and
    recovery codes.
    """

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Returns the secret. If it cannot be read, returns a random one, so that no
        code matches.
        """
        try:
            return sealing.unseal(encrypted_text)
        except sealing.UnreadableError:
            logger.warning("second_factor_unreadable")
            return generate_totp_secret()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Returns whether removing it is allowed: not if the person would have to set
        one up again.
        """
        return not second_factor.is_required(authenticator.user)


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Adapts allauth's list of devices."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        sessions = list(sessions)
        super().end_sessions(sessions)
        if sessions:
            number = len(sessions)
            what = "A session was ended." if number == 1 else f"{number} sessions were ended."
            changes.tell("end_sessions", sessions[0].user, what)
