"""The link that makes the first administrator.

The person who starts the server sees it in their terminal, so nobody needs a command, and no
account has a password that others know. It works for a day, while there is no administrator. It
makes the signed-in person an administrator, or else creates an account.
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
    """An administrator exists, so the link no longer works."""


def is_needed(*, beside: User | None = None) -> bool:
    """Returns whether there is no administrator yet, or none but this person."""
    administrators = User.objects.filter(is_superuser=True)
    if beside:
        administrators = administrators.exclude(pk=beside.pk)
    return not administrators.exists()


def token() -> str:
    """Returns the last part of the link's address."""
    return signing.dumps("", salt=SALT)


def is_valid(token: str) -> bool:
    """Returns whether the link works: it is ours, not too old, and still needed."""
    try:
        signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return False
    return is_needed()


def make(*, username: str, password: str) -> User:
    """Creates the first administrator's account.

    Raises:
        AlreadyMade: there is one, or another request made one at this moment.
    """
    # Before the check whether there is an administrator (_wait_for_others).
    person = User(id=_next_id(), username=User.normalize_username(username))
    person.is_staff = person.is_superuser = True
    # Hashing is slow, so it happens outside the transaction.
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
        AlreadyMade: there is one, or another person becomes one at this moment.
    """
    with transaction.atomic():
        _wait_for_others()
        _set_administrator(person, True)
    # Without locks (MongoDB), the later of two sees the other here. If both see each other, there
    # is no administrator and the link still works.
    if not is_needed(beside=person):
        _set_administrator(person, False)
        raise AlreadyMade


def _next_id() -> uuid.UUID:
    """Returns the id of the account that the link creates. If two requests use it at once, the
    database's primary key accepts one, even without transactions. The id changes once an account
    that the link made before is no longer an administrator's.
    """
    ids = (
        uuid.uuid5(uuid.NAMESPACE_URL, f"mediachat:first-administrator{count or ''}")
        for count in itertools.count()
    )
    return next(id for id in ids if not User.objects.filter(pk=id).exists())


def _set_administrator(person: User, on: bool) -> None:
    person.is_staff = person.is_superuser = on
    person.save(update_fields=["is_staff", "is_superuser"])


def _wait_for_others() -> None:
    """Allows one request at a time until the transaction ends; MongoDB has no locks."""
    # A row that always exists and is never written.
    people = ContentType.objects.get_for_model(User)
    list(ContentType.objects.select_for_update(no_key=True).filter(pk=people.pk))
    if not is_needed():
        raise AlreadyMade
