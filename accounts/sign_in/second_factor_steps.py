"""Makes allauth's API for programs report that a person must set up a second factor."""

from typing import Any

from allauth.account.stages import LoginStage
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import headed_redirect_response, is_headless_request
from allauth.headless.base.response import UnauthorizedResponse
from allauth.headless.internal import sessionkit
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from accounts.sessions.second_factor import keeps_out
from accounts.sessions.signed_in import user_of
from accounts.sessions.store import SessionStore, key_of

KEY = "mfa_setup"
"""How the answers name this step among those that signing in still needs."""


class SetUpStage(LoginStage):
    """Ends a program's sign-in with 401 and names this step as pending.

    In a browser the person is signed in, and redirected to set one up.
    """

    key = KEY
    urlname = "mfa_activate_totp"

    def handle(self) -> tuple[Any, bool]:
        if is_headless_request(self.request) and self.login.user and keeps_out(self.login.user):
            return headed_redirect_response(self.urlname), True
        return None, True


class SetUpResponse(UnauthorizedResponse):
    """Answers 401 to a session that is older than the setting."""

    def _get_flows(self, request: HttpRequest, user: Any) -> list[dict[str, Any]]:
        return [*super()._get_flows(request, user), {"id": KEY, "is_pending": True}]


class TokenStrategy(SessionTokenStrategy):
    """Accepts a session's token unless its person is denied access. They may still sign out."""

    def create_session_token(self, request: HttpRequest) -> str:
        super().create_session_token(request)  # which ensures that there is one
        token: str = request.session.token  # type: ignore[attr-defined]
        return token

    def lookup_session(self, session_token: str) -> SessionBase | None:
        session = sessionkit.lookup_session(key_of(session_token))
        if isinstance(session, SessionStore):
            session.token = session_token
        request = context.request
        if session is None or request is None or request.method == "DELETE":
            return session
        user = user_of(session)
        if user is not None and keeps_out(user):
            raise ImmediateHttpResponse(SetUpResponse(request))
        return session
