"""Who has to have a second factor and has none yet: led to set one up, and let in nowhere else.

``REQUIRE_SECOND_FACTOR`` says who has to: nobody (``none``), who works in the admin (``staff``), or
everyone (``all``). Recovery codes alone are no second factor; they stand in for a lost one.
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
    """Whether this person may not be without a second factor."""
    match settings.REQUIRE_SECOND_FACTOR:
        case "all":
            return user.is_authenticated
        case "staff":
            return user.is_staff or user.is_superuser
    return False


def is_missing(user: User | AnonymousUser) -> bool:
    """Whether this person has to set one up. No query where the setting asks nothing of them."""
    return is_required(user) and not has_one(user)


def has_one(user: User | AnonymousUser) -> bool:
    return Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()


def keeps_out(user: User | AnonymousUser) -> bool:
    """Whether every door is closed to this person, and not only the admin's."""
    return settings.REQUIRE_SECOND_FACTOR == "all" and is_missing(user)


@receiver(authenticator_used)
def _used(authenticator: Authenticator, **kwargs: Any) -> None:
    """Seals what was stored without a seal, or with that of a former secret."""
    old = {
        name: authenticator.data[name]
        for name in ("secret", "seed")
        if name in authenticator.data and not sealing.is_current(authenticator.data[name])
    }
    try:
        fresh = {name: sealing.seal(sealing.unseal(text)) for name, text in old.items()}
    except sealing.UnreadableError:
        return  # a security key's use, beside an app whose secret nobody can read
    if fresh:
        authenticator.data |= fresh
        authenticator.save(update_fields=["data"])
