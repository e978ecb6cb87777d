"""Tickets: how a program that holds a session token opens a socket.

A token in a socket's address or first header would stay in logs for as long as it is valid. A
ticket works once and for half a minute, so what a log keeps of it opens nothing.
"""

from uuid import UUID

from accounts import one_use
from accounts.models import User

LIFETIME = 30
"""Seconds in which a ticket can be used."""


def issue(user: User, session_key: str) -> str:
    """A new ticket for this person's session."""
    return one_use.issue("ticket", (user.pk.hex, session_key), lifetime=LIFETIME)


def redeem(ticket: str) -> tuple[UUID, str] | None:
    """The id of the person and the key of the session, the first time; ever after, nothing.

    The session may have ended since: whoever redeems asks ``user_for_session``.
    """
    found = one_use.redeem("ticket", ticket)
    return (UUID(found[0]), found[1]) if found else None
