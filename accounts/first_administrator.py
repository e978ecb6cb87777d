"""The link that makes the first administrator.

Whoever starts the server sees it in their terminal, so nobody needs a command, and no account
has a password that others know. It works while there is no administrator, and for a day.
"""

import uuid

from django.core import signing
from django.db import IntegrityError

from accounts.models import User

LIFETIME = 24 * 3600
"""Seconds in which the link works. Starting the server again prints a new one."""
SALT = "accounts.first_administrator"
ID = uuid.uuid5(uuid.NAMESPACE_URL, "mediachat:first-administrator")
"""Every first administrator gets this id: of two who use the link at once, the database's
primary key lets one through, on databases without transactions too."""


class AlreadyMade(Exception):
    """There is an administrator, so the link is worth nothing."""


def is_needed() -> bool:
    """Whether there is no administrator yet."""
    return not User.objects.filter(is_superuser=True).exists()


def token() -> str:
    """The last part of the link's address."""
    return signing.dumps("", salt=SALT)


def is_valid(token: str) -> bool:
    """Whether the link works: it is ours, not too old, and still needed."""
    try:
        signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return False
    return is_needed()


def make(*, username: str, password: str) -> User:
    """Makes the first administrator.

    Raises:
        AlreadyMade: there is one, or someone else made one at this moment.
    """
    if not is_needed():
        raise AlreadyMade
    try:
        return User.objects.create_superuser(username, password=password, id=ID)
    except IntegrityError as error:
        raise AlreadyMade from error
