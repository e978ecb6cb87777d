"""Decides who must have a second factor, and denies access to those who have none yet.

``REQUIRE_SECOND_FACTOR`` says who must have one: nobody (``none``), people who work in the admin
(``staff``), or everyone (``all``). Recovery codes alone are no second factor; they stand in for a
lost one.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_used
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.dispatch import receiver

from accounts import sealing
from accounts.models import User

CHOICES = ("none", "staff", "all")
FOR_PROGRAMS = (
    "This server asks everyone for a second factor. Open it in a browser and set one up, then sign "
    "in again."
)


def is_required(user: User | AnonymousUser) -> bool:
    """Returns whether this person must have a second factor."""
    match settings.REQUIRE_SECOND_FACTOR:
        case "all":
            return user.is_authenticated
        case "staff":
            return user.is_staff or user.is_superuser
    return False


def is_missing(user: User | AnonymousUser) -> bool:
    """Returns whether this person still has to set one up. Makes no query if none is required."""
    return is_required(user) and not has_one(user)


def has_one(user: User | AnonymousUser) -> bool:
    return Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()


def keeps_out(user: User | AnonymousUser) -> bool:
    """Returns whether this person is denied access everywhere, not only to the admin."""
    return settings.REQUIRE_SECOND_FACTOR == "all" and is_missing(user)


@receiver(authenticator_used)
def _used(authenticator: Authenticator, **kwargs: Any) -> None:
    """Seals a secret that was stored without a seal or with a former key."""
    old = {
        name: authenticator.data[name]
        for name in ("secret", "seed")
        if name in authenticator.data and not sealing.is_current(authenticator.data[name])
    }
    try:
        fresh = {name: sealing.seal(sealing.unseal(text)) for name, text in old.items()}
    except sealing.UnreadableError:
        return  # a security key was used; the same person's app has a secret that cannot be read
    if fresh:
        authenticator.data |= fresh
        authenticator.save(update_fields=["data"])
