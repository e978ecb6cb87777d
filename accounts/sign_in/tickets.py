"""Tickets, with which a program that holds a session token opens a socket.

A token in a socket's address or first header would stay in logs for as long as it is valid. A
ticket works once and for half a minute, so a logged one grants nothing.

It is signed and stored nowhere; only its use is kept, in the cache that all processes share. So
tickets are also issued while Redis is unavailable.
"""

import secrets
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from accounts.sign_in import one_time_tokens

LIFETIME = 30
"""Seconds in which a ticket can be used."""
CLOCKS_APART = 60
"""Seconds by which the clocks of two machines may differ: a use is remembered longer."""

_SALT = "accounts.tickets"
# Only letters, digits, "-", "_" and "." may stand in a subprotocol.
_signer = signing.TimestampSigner(salt=_SALT, sep=".")


def issue(user: User, session_key: str) -> str:
    """Returns a new ticket for this person's session."""
    nonce = secrets.token_urlsafe(12)
    return _signer.sign(f"{user.pk.hex}.{_reference(session_key)}.{nonce}")


def redeem(ticket: str) -> str | None:
    """Returns the key of the session the first time, and None after that.

    The session may have ended since: the caller checks with ``user_for_session``.
    """
    try:
        # Times are signed in whole seconds.
        user, reference, _ = _signer.unsign(ticket, max_age=LIFETIME + 1).split(".")
    except (signing.BadSignature, ValueError):
        return None
    if not one_time_tokens.is_first("ticket", ticket, lifetime=LIFETIME + CLOCKS_APART):
        return None
    sessions = UserSession.objects.filter(user_id=UUID(user))
    for key in sessions.values_list("session_key", flat=True):
        if constant_time_compare(_reference(key), reference):
            return key
    return None


def _reference(session_key: str) -> str:
    """Returns a reference that only the server can resolve to one of the person's sessions."""
    return salted_hmac(_SALT, session_key).hexdigest()[:32]
