"""Finds out who is signed in, without a request, and ends sessions.

A session lives while its row in the session table does. To end one, code deletes the row and sends
``signed_out``: the signal closes sockets at once, and if it is lost, the next heartbeat notices
that the row is gone.
"""

from collections.abc import Collection
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, get_user
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.sessions import second_factor
from accounts.sessions.store import SessionStore, key_of
from accounts.signals import password_rehashed, signed_out

TOKEN_HEADER = "X-Session-Token"  # noqa: S105
"""Where programs say their session's token, as allauth's headless API has it."""


def user_for_token(token: str) -> tuple[User, str] | None:
    """Returns who is signed in with a cookie's or header's token, and the key of their session."""
    key = key_of(token)
    user = user_for_session(key)
    return None if user is None else (user, key)


def user_for_session(session_key: str) -> User | None:
    """Returns who is signed in with this session: it has not expired, the password has not changed
    since, and the person is neither suspended nor without a required second factor.
    """
    if not session_key.isalnum():
        return None  # a NUL, which PostgreSQL refuses even to look for
    return user_of_session(SessionStore(session_key))


def lacks_second_factor(token: str) -> bool:
    """Returns whether a missing second factor is why this token's session is refused."""
    if settings.REQUIRE_SECOND_FACTOR != "all":
        return False
    user = user_of(SessionStore.for_token(token))
    return user is not None and second_factor.keeps_out(user)


def opened_sessions(session_keys: Collection[str]) -> dict[str, SessionStore | None]:
    """Returns each of these sessions as stored, in one query; None for one that has ended or in
    which nobody has signed in. ``user_of_session`` decides whether it gives access.
    """
    asked = [key for key in session_keys if key.isalnum()]
    rows = Session.objects.filter(session_key__in=asked, expire_date__gt=timezone.now())
    found = {
        key: store
        for key, data in rows.values_list("session_key", "session_data")
        if (store := SessionStore.stored(key, data)).owner
    }
    return {key: found.get(key) for key in session_keys}


def user_of_session(session: SessionBase) -> User | None:
    """Does the same as ``user_for_session`` for a session that has been looked up."""
    user = user_of(session)
    return None if user is None or second_factor.keeps_out(user) else user


def user_of(session: SessionBase) -> User | None:
    """Returns who is signed in with this session, even if other rules deny them access."""
    request = HttpRequest()
    request.session = session
    # Django's own function, which checks the password's hash and the backend.
    user = get_user(request)
    if not isinstance(user, User):
        return None
    if session.modified:  # a former SECRET_KEY proved it; sign it with the current one
        try:
            session.save()
        except UpdateError:
            return None  # it has just ended
    return user


def live_sessions(session_keys: Collection[str]) -> set[str]:
    """Returns those of the sessions that have not ended, in one query."""
    rows = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    return set(rows.values_list("session_key", flat=True))


def end_sessions(user: User, *, keep: str | None = None) -> None:
    """Signs a person out everywhere, except in the session to keep."""
    sessions = UserSession.objects.filter(user_id=user.pk).exclude(session_key=keep or "")
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    sessions.delete()


@receiver(post_save, sender=User)
def _password_changed_or_suspended(instance: User, created: bool, **kwargs: Any) -> None:
    # Django sets _password whenever a person's password is changed, but not when it is only
    # rehashed.
    if created or (instance.is_active and getattr(instance, "_password", None) is None):
        return
    # The signal first: a suspended person's sockets close with the code for that.
    signed_out.send(User, user_id=instance.pk, session_key=None, suspended=not instance.is_active)
    end_sessions(instance)


@receiver(password_rehashed)
def _password_rehashed(user: User, before: str, **kwargs: Any) -> None:
    """Keeps the person's sessions alive, each of which is bound to the password's hash."""
    after = user.get_session_auth_hash()
    keys = list(UserSession.objects.filter(user_id=user.pk).values_list("session_key", flat=True))
    for row in Session.objects.filter(session_key__in=keys):
        data = SessionStore().decode(row.session_data)
        if data.get(HASH_SESSION_KEY) == before:
            row.session_data = SessionStore().encode(data | {HASH_SESSION_KEY: after})
            row.save(update_fields=["session_data"])
    # The request's own session, which may be saved once more before it ends.
    request = context.request
    if request is not None and request.session.get(HASH_SESSION_KEY) == before:
        request.session[HASH_SESSION_KEY] = after


@receiver(post_delete, sender=UserSession)
def _session_ended(instance: UserSession, **kwargs: Any) -> None:
    signed_out.send(
        User, user_id=instance.user_id, session_key=instance.session_key, suspended=False
    )


@receiver(user_logged_out)
def _logged_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and request.session.session_key:
        signed_out.send(
            User, user_id=user.pk, session_key=request.session.session_key, suspended=False
        )


@receiver(authenticator_added)
def _second_factor_set_up(request: HttpRequest, user: User, **kwargs: Any) -> None:
    # Otherwise sessions that only a password opened would now be accepted too.
    if second_factor.is_required(user):
        end_sessions(user, keep=request.session.session_key)


@receiver(post_delete, sender=Authenticator)
def _second_factor_removed(instance: Authenticator, **kwargs: Any) -> None:
    if instance.type != Authenticator.Type.TOTP:
        return
    user = User.objects.filter(pk=instance.user_id).first()
    if user is not None and second_factor.is_missing(user):
        signed_out.send(User, user_id=user.pk, session_key=None, suspended=False)
        end_sessions(user)
