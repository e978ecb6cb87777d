"""Short-lived tokens that work once.

They travel where logs and other programs may see them. By then they are used or expired.
"""

import hashlib
import secrets
from typing import Any

from django.core.cache import cache


def issue(purpose: str, value: Any, *, lifetime: float) -> str:
    """Returns a new token for this JSON value, valid for so many seconds."""
    secret = secrets.token_urlsafe(32)
    cache.set(_key(purpose, secret), value, lifetime)
    return secret


def look(purpose: str, secret: str) -> Any:
    """Returns the value without using the token up, or None."""
    return cache.get(_key(purpose, secret))


def redeem(purpose: str, secret: str) -> Any:
    """Returns the value the first time, and None after that."""
    key = _key(purpose, secret)
    found = cache.get(key)
    # Two requests may have read it; the store lets only one of them delete it.
    if found is None or not cache.delete(key):
        return None
    return found


def is_first(purpose: str, secret: str, *, lifetime: float) -> bool:
    """Returns whether a self-contained token is used for the first time.

    Use is remembered for so many seconds; the token must expire within them.
    """
    # Two requests may arrive at once; the store lets only one of them add the key.
    return cache.add(_key(purpose, secret), True, lifetime)


def _key(purpose: str, secret: str) -> str:
    return f"{purpose}:{hashlib.sha256(secret.encode()).hexdigest()}"
