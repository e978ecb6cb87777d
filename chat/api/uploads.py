"""Decides who may send a large body, before any of it is received.

A file is received completely before a view runs, so without this check anyone could fill the disk
with files that are never stored.
"""

import asyncio
from collections import Counter
from io import BytesIO
from uuid import UUID

import structlog
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from accounts.models import User
from accounts.sessions.second_factor import FOR_PROGRAMS
from accounts.sessions.signed_in import TOKEN_HEADER, lacks_second_factor, user_for_token
from chat.actions.attachments import ServerFull, check_server_has_room, quota_left, quota_problem
from chat.concurrency.executors import run_in_db_pool
from chat.protocol import ChatError, ErrorCode
from chat.runtime import runtime_of
from chat.throttling.connection_limits import ConnectionLimiter
from mediachat.http.body_limit import MIB, MULTIPART, SMALL, Refused, Scope
from mediachat.http.csrf import is_from_own_page
from mediachat.http.origins import is_own_page
from mediachat.monitoring import disk
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

ATTACHMENTS = "/api/v1/attachments"
ALREADY = (
    "You are uploading {} files already, on all your devices together. "
    "Send this one when one of them is done."
)
RETRY_AFTER = 2
"""Seconds after which one of someone's uploads may be done."""
TURN_TIMEOUT_SECONDS = 5.0
"""Seconds for which one upload too many waits, unread, for another to be done."""
LOOK_AGAIN = 0.2
"""Seconds between two looks at that: the other may be on another process."""
WAITING_FACTOR = 4
"""So many times UPLOADS_AT_ONCE may wait, of one person in this process."""

COPIES = 2
"""A body lies on the disk as it came, and the file in it once more."""

_under_way: Counter[UUID] = Counter()
"""Bytes that each person is sending to this process, which count towards their quota."""
_waiting: Counter[UUID] = Counter()
"""Uploads of each person that wait for others of theirs."""


class UnderWay:
    """A large body that this person may send, and is sending."""

    def __init__(self, user: User, left: int | None, places: ConnectionLimiter) -> None:
        self._user = user
        self._places = places
        self._left = left
        """Bytes that the person's files may still take; None: this is none of them."""
        self._size = 0
        self._promised = 0

    async def promise(self, size: int) -> None:
        """Reserves room on the disk for a body of so many bytes.

        Raises:
            Refused: there is no room.
        """
        if not await run_in_db_pool(disk.promise, COPIES * size):
            raise Refused(507, ErrorCode.QUOTA_EXCEEDED, disk.FULL)
        self._promised = COPIES * size

    def grow(self, size: int) -> None:
        """Counts more received bytes.

        Raises:
            Refused: they are more than the person's files may take.
        """
        self._size += size
        _under_way[self._user.pk] += size
        if self._left is not None and _under_way[self._user.pk] - MULTIPART > self._left:
            problem = quota_problem(self._left)
            raise Refused(413, problem.code, problem.detail)

    def end(self) -> None:
        """Ends the upload and its reservations."""
        disk.release(self._promised)
        _under_way[self._user.pk] -= self._size
        if _under_way[self._user.pk] <= 0:
            del _under_way[self._user.pk]
        self._places.release_upload(self._user.pk)


async def admit(scope: Scope, declared: int | None) -> UnderWay:
    """Allows this person to send a body of so many bytes, or of an unknown size.

    Raises:
        Refused: nobody is signed in with this request, it came from a foreign page, or the
            person has no more room for it or is sending too much already.
    """
    # Its body has not come and is not looked at.
    request = ASGIRequest(scope, BytesIO())
    is_attachment = request.path_info.rstrip("/") == ATTACHMENTS
    key = request.headers.get(TOKEN_HEADER)
    by_cookie = key is None
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME) if by_cookie else key
    if not key and not is_attachment:
        raise Refused(
            413,
            "too_large",
            f"This is too large: at most {SMALL // 1024} KB can be sent without signing in.",
        )
    try:
        found = await run_in_db_pool(_sender, key, is_attachment, declared or 0) if key else None
    except ChatError as problem:
        status = 401 if problem.code == ErrorCode.UNAUTHENTICATED else 507
        raise Refused(status, problem.code, problem.detail) from problem
    except Exception as error:
        logger.error("upload_not_admitted", error=reason(error), exc_info=error)
        detail = "The server could not do this. It has been logged; try again."
        raise Refused(500, "server_error", detail) from error
    if found is None:
        raise Refused(401, "unauthenticated", "Sign in first, and send the session token.")
    if by_cookie and not _is_from_our_page(request):
        raise Refused(
            403,
            "forbidden",
            "This request did not come from our own page. Reload it and try again.",
        )
    user, left = found
    places = runtime_of(scope).limits.places
    if not await _has_place(user.pk, places):
        raise Refused(
            429, "rate_limited", ALREADY.format(settings.UPLOADS_AT_ONCE), retry_after=RETRY_AFTER
        )
    upload = UnderWay(user, left, places)
    try:
        upload.grow(declared or 0)
        await upload.promise(declared or settings.MAX_UPLOAD_MB * MIB)
    except BaseException:
        upload.end()
        raise
    return upload


async def _has_place(user: UUID, places: ConnectionLimiter) -> bool:
    """Returns whether this person may send one more, now or after another finishes."""
    if await places.acquire_upload(user):
        return True
    if _waiting[user] >= settings.UPLOADS_AT_ONCE * WAITING_FACTOR:
        return False
    _waiting[user] += 1
    try:
        for _ in range(int(TURN_TIMEOUT_SECONDS / LOOK_AGAIN)):
            await asyncio.sleep(LOOK_AGAIN)
            if await places.acquire_upload(user):
                return True
        return False
    finally:
        _waiting[user] -= 1
        if not _waiting[user]:
            del _waiting[user]


def _sender(token: str, is_attachment: bool, size: int) -> tuple[User, int | None] | None:
    """Returns who is signed in, and how many bytes their files may still take."""
    signed_in = user_for_token(token)
    if signed_in is None:
        if lacks_second_factor(token):
            raise ChatError(ErrorCode.UNAUTHENTICATED, FOR_PROGRAMS)
        return None
    user, _ = signed_in
    if is_attachment:
        check_server_has_room(size)
        return user, quota_left(user)
    # A form reports on its own page that uploads are refused.
    if disk.look() < 2 * size:
        raise ServerFull(disk.FULL)
    return user, None


def _is_from_our_page(request: ASGIRequest) -> bool:
    """Returns whether no other site can have made a browser send this.

    A program's answer is in a header; a form's is in its body, which its view looks at, so of a
    form only the Origin is known yet.
    """
    if request.path_info.startswith("/api/"):
        return is_from_own_page(request)
    return "Origin" not in request.headers or is_own_page(request)
