"""Secrets that open something once, and soon.

They travel where logs and other programs may see them. What these see has been used, or is too
old.
"""

import hashlib
import secrets
from typing import Any

from django.core.cache import cache


def issue(purpose: str, value: Any, *, lifetime: float) -> str:
    """A new secret that stands for this value, which JSON can say, for so many seconds."""
    secret = secrets.token_urlsafe(32)
    cache.set(_key(purpose, secret), value, lifetime)
    return secret


def look(purpose: str, secret: str) -> Any:
    """The value, or None; the secret is as good as before."""
    return cache.get(_key(purpose, secret))


def redeem(purpose: str, secret: str) -> Any:
    """The value, the first time; ever after, None."""
    key = _key(purpose, secret)
    found = cache.get(key)
    # Two may have read it; the store lets only one of them delete it.
    if found is None or not cache.delete(key):
        return None
    return found


def is_first(purpose: str, secret: str, *, lifetime: float) -> bool:
    """Whether a secret that says itself what it stands for is used for the first time.

    Use is remembered for so many seconds, in which it must become too old.
    """
    # Two may ask at once; the store lets only one of them add it.
    return cache.add(_key(purpose, secret), True, lifetime)


def _key(purpose: str, secret: str) -> str:
    return f"{purpose}:{hashlib.sha256(secret.encode()).hexdigest()}"
