"""Encrypts what the database keeps and nobody may use who reads it there: a backup, a dump.

The key comes from ``SECRET_KEY``; what ``SECRET_KEY_FALLBACKS`` sealed is still read.
"""

import hashlib
from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PREFIX = "sealed:"
"""What tells sealed text from what was stored before there was any."""


class UnreadableError(Exception):
    """It was sealed with a secret that this server does not have."""


def seal(text: str) -> str:
    """The text as only holders of the secret can read it."""
    return PREFIX + _fernet().encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """The text that was sealed; what was stored without a seal as it is.

    Raises:
        UnreadableError: none of the secrets opens it.
    """
    if not text.startswith(PREFIX):
        return text
    try:
        return _fernet().decrypt(text.removeprefix(PREFIX)).decode()
    except InvalidToken as error:
        raise UnreadableError from error


def is_current(text: str) -> bool:
    """Whether it is sealed with ``SECRET_KEY`` itself, and not with one from before."""
    try:
        _one(settings.SECRET_KEY).decrypt(text.removeprefix(PREFIX))
    except InvalidToken:
        return False
    return text.startswith(PREFIX)


def _fernet() -> MultiFernet:
    return MultiFernet([_one(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@lru_cache(maxsize=16)
def _one(secret: str) -> Fernet:
    # The secret is long and random (mediachat.checks), so there is nothing to stretch.
    key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"mediachat.seal").digest()
    return Fernet(urlsafe_b64encode(key))
