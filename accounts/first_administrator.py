"""The link that makes the first administrator.

Whoever starts the server sees it in their terminal, so nobody needs a command, and no account
has a password that others know. It works while there is no administrator, and for a day. It makes
the person who is signed in an administrator, or else a new account.
"""

import itertools
import uuid

from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import IntegrityError, transaction

from accounts.models import User

LIFETIME = 24 * 3600
"""Seconds in which the link works. Starting the server again prints a new one."""
SALT = "accounts.first_administrator"


class AlreadyMade(Exception):
    """There is an administrator, so the link is worth nothing."""


def is_needed(*, beside: User | None = None) -> bool:
    """Whether there is no administrator yet, or none beside this person."""
    administrators = User.objects.filter(is_superuser=True)
    if beside:
        administrators = administrators.exclude(pk=beside.pk)
    return not administrators.exists()


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
    # Before it is asked whether there is an administrator (_wait_for_others).
    person = User(id=_next_id(), username=User.normalize_username(username))
    person.is_staff = person.is_superuser = True
    # It takes its time, so nobody waits for it in a transaction.
    person.set_password(password)
    try:
        with transaction.atomic():
            _wait_for_others()
            person.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyMade from error
    return person


def promote(person: User) -> None:
    """Makes a person who has an account the first administrator.

    Raises:
        AlreadyMade: there is one, or someone else becomes one at this moment.
    """
    with transaction.atomic():
        _wait_for_others()
        _set_administrator(person, True)
    # Where nobody waits (MongoDB), the later one sees the other here. Should both of them, then
    # there is none and the link still works.
    if not is_needed(beside=person):
        _set_administrator(person, False)
        raise AlreadyMade


def _next_id() -> uuid.UUID:
    """The id of the account that the link makes: of two who use it at once, the database's primary
    key lets one through, on databases without transactions too. It is another one where the link
    made an account before that is no administrator's any more."""
    ids = (
        uuid.uuid5(uuid.NAMESPACE_URL, f"mediachat:first-administrator{count or ''}")
        for count in itertools.count()
    )
    return next(id for id in ids if not User.objects.filter(pk=id).exists())


def _set_administrator(person: User, on: bool) -> None:
    person.is_staff = person.is_superuser = on
    person.save(update_fields=["is_staff", "is_superuser"])


def _wait_for_others() -> None:
    """Lets one person at a time use the link, until the transaction ends; MongoDB has no locks."""
    # A row that is always there, and that nobody writes.
    people = ContentType.objects.get_for_model(User)
    list(ContentType.objects.select_for_update(no_key=True).filter(pk=people.pk))
    if not is_needed():
        raise AlreadyMade
