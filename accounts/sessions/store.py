"""Stores sessions so that a copy of the database signs nobody in.

A browser's cookie or a program's header carries a *token*. The row is named by a hash of the token,
the ``session_key``, which other tables, events and caches hold. Its data are sealed, as they name
people and, during set-up, contain the secret of a second factor.
"""

import hashlib
import zlib
from base64 import b64decode, b64encode
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

from accounts import sealing

TOKEN_LENGTH = 32
"""Letters and digits of a token: 165 bits, or Django's 36 characters to the power of 32."""
KEY_LENGTH = 40
"""Hexadecimal digits of a key: 160 bits, and as many as the column has."""


def key_of(token: str) -> str:
    """Returns the key of the row of this token's session. The token cannot be derived from it."""
    return hashlib.sha256(f"session:{token}".encode(errors="surrogatepass")).hexdigest()[
        :KEY_LENGTH
    ]


class SessionStore(db.SessionStore):
    """Django's store, keyed by ``session_key``; ``for_token`` turns a client's token into a
    session.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.token: str | None = None
        """What opens the session; known when it came with the request or was made just now."""
        self._is_of_former_secret = False

    @classmethod
    def for_token(cls, token: str | None) -> Self:
        """Returns the session that this token opens, or None."""
        store = cls(key_of(token) if token else None)
        store.token = token
        return store

    @classmethod
    def stored(cls, session_key: str, data: str) -> Self:
        """Returns the session of a row that has been read."""
        store = cls(session_key)
        store._session_cache = store.decode(data)  # type: ignore[attr-defined]
        return store

    @property
    def owner(self) -> UUID | None:
        """Returns the person who has signed in with it."""
        user: str | None = self.get(SESSION_KEY)
        return None if user is None else UUID(user)

    def _get_new_session_key(self) -> str:
        while True:
            self.token = get_random_string(TOKEN_LENGTH, "abcdefghijklmnopqrstuvwxyz0123456789")
            key = key_of(self.token)
            if not self.exists(key):
                return key

    def cycle_key(self) -> None:
        """Changes the key like Django, but keeps a session that a former ``SECRET_KEY`` proved.
        That one only gets a new hash: a socket or an editor could not be sent a new token.
        """
        if self._is_of_former_secret:
            self._is_of_former_secret = False
        else:
            super().cycle_key()

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Compresses and seals the data."""
        packed = zlib.compress(self.serializer().dumps(session_dict))
        return sealing.seal(b64encode(packed).decode())

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Returns the data; empty, as in Django, if none of our keys sealed or signed them."""
        if isinstance(session_data, bytes):
            session_data = session_data.decode()
        if not session_data.startswith(sealing.PREFIX):
            return dict(super().decode(session_data))
        try:
            packed = b64decode(sealing.unseal(session_data))
        except sealing.UnreadableError:
            return {}
        if settings.SECRET_KEY_FALLBACKS:
            self._is_of_former_secret = not sealing.is_current(session_data)
        return dict(self.serializer().loads(zlib.decompress(packed)))


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's middleware, with tokens in the cookies instead of keys of rows."""

    def process_request(self, request: HttpRequest) -> None:
        request.session = SessionStore.for_token(request.COOKIES.get(settings.SESSION_COOKIE_NAME))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answer: HttpResponse = super().process_response(request, response)
        cookie = answer.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and cookie.value and isinstance(request.session, SessionStore):
            answer.cookies[settings.SESSION_COOKIE_NAME] = request.session.token or ""
        return answer
