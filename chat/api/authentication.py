"""Authenticates callers of the HTTP API: by session token, or by a browser's session cookie.

A browser sends its cookies with requests that other sites cause, so a cookie counts only together
with the CSRF token in a header, which only our own pages can read. If there is a session token,
right or wrong, the cookie is ignored.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, APIKeyHeader

from accounts.models import User
from accounts.sessions.second_factor import FOR_PROGRAMS
from accounts.sessions.signed_in import TOKEN_HEADER, lacks_second_factor, user_for_token
from chat.api.address_limits import paid_by_person
from chat.concurrency.executors import run_in_db_pool
from chat.protocol import ChatError, ErrorCode
from chat.runtime import runtime_of
from chat.throttling import prices
from mediachat.http.csrf import is_from_own_page


@dataclass(slots=True)
class Caller:
    """A person, and the session by which they are signed in."""

    user: User
    session_key: str


class ByToken(APIKeyHeader):
    """The session token of allauth's headless API."""

    param_name = TOKEN_HEADER

    async def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return await _caller(request, key)


class ByCookie(APIKeyCookie):
    """The session cookie, with the header `X-CSRFToken` for changes; a form field does
    not count.
    """

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)  # checked below, without reading the body

    async def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        if TOKEN_HEADER in request.headers:
            return None
        caller = await _caller(request, key)
        if caller and not is_from_own_page(request):
            raise ChatError(
                ErrorCode.FORBIDDEN,
                "This request did not come from our own page. Reload it and try again.",
            )
        return caller


async def _caller(request: HttpRequest, token: str | None) -> Caller | None:
    if not token:
        return None
    signed_in = await run_in_db_pool(user_for_token, token)
    if signed_in is None:
        if await run_in_db_pool(lacks_second_factor, token):
            raise ChatError(ErrorCode.UNAUTHENTICATED, FOR_PROGRAMS)
        return None
    caller = Caller(*signed_in)
    await pay(request, caller, prices.of_request(request.method or "", request.path_info).units)
    paid_by_person(request)
    return caller


async def pay(request: HttpRequest, caller: Caller, units: int) -> None:
    """Charges the person's allowance.

    Raises:
        ChatError: ``rate_limited``.
    """
    if not await runtime_of(request).limits.allowance(caller.user.pk).pay(units):
        raise ChatError(
            ErrorCode.RATE_LIMITED,
            "That was too much at once. Wait a few seconds and try again.",
        )
