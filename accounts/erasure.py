"""Erases a person: closes their account at once, then removes everything that names them.

The row stays, without anything that identifies them, because messages refer to it. Each step can be
repeated, as a process may die between any two of them.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.models import Erasure, User, hash_of
from accounts.names.look_alikes import fold
from accounts.names.usernames import ERASED
from accounts.sessions.signed_in import end_sessions
from accounts.signals import account_changed, erasure_begun, signed_out

DISPLAY_NAME = "Former member"
"""How people are called who were erased."""


class LastSuperuser(Exception):
    """The person is the last superuser and cannot be erased; the message is shown to people."""

    def __init__(self) -> None:
        super().__init__("This is the last superuser. Make someone else one first.")


def begin(person: User, *, keep_messages: bool) -> Erasure:
    """Closes an account for good, and schedules the erasure of everything else that is theirs.

    Does nothing if the person's erasure has begun already.

    Raises:
        LastSuperuser: there is no other superuser who may sign in.
    """
    with transaction.atomic():
        _refuse_last_superuser(person)
        # Read them again: their picture may have changed since.
        person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        erasure, _ = Erasure.objects.get_or_create(
            user=person,
            defaults={
                "name_hash": hash_of(person.username),
                "former_username": person.username,
                "former_avatar": person.avatar.name or "",
                "keeps_messages": keep_messages,
                "begun_at": timezone.now(),
            },
        )
        close_account(erasure)
        erasure_begun.send(User, erasure=erasure)
    return erasure


def erase_by_own_wish(person: User, *, keep_messages: bool) -> Erasure:
    """Calls ``begin`` for a person who requests it themselves; the record names nobody.

    Raises:
        LastSuperuser: there is no other superuser who may sign in.
    """
    with transaction.atomic():
        erasure = begin(person, keep_messages=keep_messages)
        name = username_of(erasure)
        account_changed.send(
            User,
            actor=name,
            action="erase_user",
            about=User.objects.get(pk=person.pk),
            what=f"By their own wish. Messages are {'kept' if keep_messages else 'deleted'}.",
        )
    return erasure


def close_account(erasure: Erasure) -> None:
    """Removes everything that identifies the person from the account, and every way to sign in."""
    person = User.objects.filter(pk=erasure.user_id)
    name = username_of(erasure)
    # One write, so that nobody sees a half-erased person on databases without transactions. It
    # sends no signal, so that no record is kept of each field.
    person.update(
        username=name,
        skeleton=fold(name),
        display_name=DISPLAY_NAME,
        email="",
        password=make_password(None),
        avatar="",
        is_active=False,
        is_staff=False,
        is_superuser=False,
        last_login=None,
        erased_at=erasure.begun_at,
    )
    end_access(erasure)
    people = ContentType.objects.get_for_model(User)
    entries = LogEntry.objects.filter(content_type=people, object_id=str(erasure.user_id))
    entries.update(object_repr=name)


def end_access(erasure: Erasure) -> None:
    """Removes every way to sign in, with its data: addresses, devices, second factors, groups."""
    user = User.objects.get(pk=erasure.user_id)
    signed_out.send(User, user_id=user.pk, session_key=None, suspended=False)
    end_sessions(user)
    for rows in (EmailAddress.objects, Authenticator.objects):
        rows.filter(user_id=user.pk).delete()
    user.groups.clear()
    user.user_permissions.clear()


def username_of(erasure: Erasure) -> str:
    """Returns the name that replaces the former one: always the same, and unlike any other."""
    return f"{ERASED}{erasure.pk.hex[:10]}"


def finish(erasure: Erasure) -> None:
    """Deletes the last data that was kept in order to erase the rest."""
    if erasure.former_avatar:
        default_storage.delete(erasure.former_avatar)
    erasure.former_username = erasure.former_avatar = ""
    erasure.finished_at = timezone.now()
    erasure.save(update_fields=["former_username", "former_avatar", "finished_at"])


def _refuse_last_superuser(person: User) -> None:
    if not person.is_superuser:
        return
    # One superuser at a time: two who are erased at the same time would each count the other.
    people = ContentType.objects.get_for_model(User)
    list(ContentType.objects.select_for_update(no_key=True).filter(pk=people.pk))
    # They lose the role before the others are counted: where nothing is locked (MongoDB), the later
    # of two finds that no superuser is left.
    row = User.objects.filter(pk=person.pk, erased_at=None)
    row.update(is_superuser=False)
    if not User.objects.filter(is_superuser=True, is_active=True).exists():
        row.update(is_superuser=True)
        raise LastSuperuser
