"""Logs who signed in or tried to, from where and by which method, without passwords.

Each line has its ``event``: ``sign_in``, ``sign_in_failed`` or ``sign_out``.
"""

import re
from typing import Any

import structlog
from allauth.core.internal.httpkit import is_headless_request
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.names import usernames
from accounts.records import changes
from accounts.sign_in import guessing

NAME = re.compile(rf"{usernames.WORD}(?:[.-]{usernames.WORD})*")
"""The shape of a name, whether or not anybody may have it: "root" is worth a line too."""

logger = structlog.get_logger("accounts.sign_ins")


@receiver(user_logged_in)
def _signed_in(user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    logger.info("sign_in", username=user.username, **_where(request))
    if user.is_staff or user.is_superuser:
        changes.tell("sign_in", user, f"From {_where(request)['way']}.")


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    name = str(credentials.get("username") or credentials.get("email") or "")
    logger.info("sign_in_failed", username=_as_name(name), step="password", **_where(request))


@receiver(authentication_failed)
def _wrong_code(user: User, request: HttpRequest, **kwargs: Any) -> None:
    logger.info("sign_in_failed", username=user.username, step="second_factor", **_where(request))


@receiver(user_logged_out)
def _signed_out(user: User | None, request: HttpRequest, **kwargs: Any) -> None:
    if user is not None:
        logger.info("sign_out", username=user.username, **_where(request))


def _as_name(text: str) -> str:
    """Returns the typed text if it can be a username: people type passwords into the
    wrong field.
    """
    can_be_one = len(text) <= usernames.LENGTH and NAME.fullmatch(text)
    return text if can_be_one else "(no username)"


def _where(request: HttpRequest | None) -> dict[str, str]:
    if request is None:
        return {"address": "", "way": changes.COMMAND_LINE}
    if not is_headless_request(request):
        way = "a browser"
    else:
        way = "an editor" if request.path.endswith("/auth/editor/session") else "a program"
    return {"address": guessing.address_of(request), "way": way}
