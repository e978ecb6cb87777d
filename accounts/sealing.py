"""Encrypts secrets in the database, so that a reader of a backup or a dump cannot use them.

The key is derived from ``SECRET_KEY``; values sealed with ``SECRET_KEY_FALLBACKS`` can still be
read.
"""

import hashlib
from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PREFIX = "sealed:"
"""What tells sealed text from what was stored before there was any."""


class UnreadableError(Exception):
    """The value was sealed with a key that this server does not have."""


def seal(text: str) -> str:
    """Encrypts the text; only holders of the key can read it."""
    return PREFIX + _fernet().encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """Decrypts sealed text; returns text that was stored without a seal unchanged.

    Raises:
        UnreadableError: none of the keys decrypts it.
    """
    if not text.startswith(PREFIX):
        return text
    try:
        return _fernet().decrypt(text.removeprefix(PREFIX)).decode()
    except InvalidToken as error:
        raise UnreadableError from error


def is_current(text: str) -> bool:
    """Returns whether it is sealed with the current ``SECRET_KEY``, not a former one."""
    try:
        _one(settings.SECRET_KEY).decrypt(text.removeprefix(PREFIX))
    except InvalidToken:
        return False
    return text.startswith(PREFIX)


def _fernet() -> MultiFernet:
    return MultiFernet([_one(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@lru_cache(maxsize=16)
def _one(secret: str) -> Fernet:
    # The secret is long and random (mediachat.checks), so it needs no key stretching.
    key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"mediachat.seal").digest()
    return Fernet(urlsafe_b64encode(key))
