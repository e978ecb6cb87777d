"""Tickets: how a program that holds a session token opens a socket.

A token in a socket's address or first header would stay in logs for as long as it is valid. A
ticket works once and for half a minute, so what a log keeps of it opens nothing.
"""

import hashlib
import secrets
from uuid import UUID

from django.core.cache import cache

from accounts.models import User

LIFETIME = 30
"""Seconds in which a ticket can be used."""


def issue(user: User, session_key: str) -> str:
    """A new ticket for this person's session."""
    ticket = secrets.token_urlsafe(32)
    cache.set(_key(ticket), (user.pk.hex, session_key), LIFETIME)
    return ticket


def redeem(ticket: str) -> tuple[UUID, str] | None:
    """The id of the person and the key of the session, the first time; ever after, nothing.

    The session may have ended since: whoever redeems asks ``user_for_session``.
    """
    key = _key(ticket)
    found = cache.get(key)
    # Two may have read it; the store lets only one of them delete it.
    if found is None or not cache.delete(key):
        return None
    return UUID(found[0]), found[1]


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
