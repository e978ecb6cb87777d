"""Limits wrong passwords, by name and by network.

Three goals conflict: nobody may guess a password, nobody may lock another person out, and an office
behind one address must be able to sign in. So wrong passwords are counted in several buckets, and
evidence that a person has signed in before takes them out of the buckets that others fill:

- A browser in which they signed in has a cookie (``devices``). It has a bucket of its own.
- For a network in which they signed in within a month, attempts from other networks do not count.
  That is for programs, which keep no cookies.

All processes share the counts, in the cache.
"""

from dataclasses import dataclass, field
from typing import Any

from allauth.core import context, ratelimit
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.sign_in import devices
from mediachat.addresses import networks, trusted_address

FIVE_MINUTES, HOUR, DAY = 300, 3_600, 86_400
"""Seconds."""
OF_NAME_FROM_NETWORK = 5
"""Wrong passwords in five minutes for one name from one IPv4 address or one IPv6 /64."""
OF_NAME_FROM_WIDE_NETWORK = 20
"""The same from one IPv4 /24 or one IPv6 /48."""
OF_NAME = 100
"""Wrong passwords in an hour for one name from everywhere, where the person has never been."""
FROM_NETWORK = 30
"""Wrong passwords in five minutes for all names from one IPv4 address or one IPv6 /64."""
FROM_WIDE_NETWORK = 60
"""The same from one IPv4 /24 or one IPv6 /48."""
FROM_WIDE_NETWORK_DAILY = 600
"""The same in a day."""
OF_DEVICE = 10
"""Wrong passwords in five minutes for a name that has signed in before in this browser."""
KNOWN_FOR = 30 * DAY
"""Seconds for which a network is remembered as one from which a person signs in."""


@dataclass
class Guess:
    """An attempt to sign in, which counts as wrong until it turns out to be right."""

    name: str
    device: str | None
    network: str
    wide_network: str
    _counted: list[str] = field(default_factory=list)

    def count(self) -> bool:
        """Counts the attempt and returns whether it is allowed."""
        if not settings.RATE_LIMITS:
            return True
        for key, limit, seconds in self._limits():
            self._counted.append(key)
            if _add_one(key, seconds) > limit:
                self.rollback()
                return False
        return True

    def rollback(self) -> None:
        """Takes the attempt back: it was right, or was not made."""
        for key in self._counted:
            try:
                cache.decr(key)
            except ValueError:
                pass  # expired
        self._counted.clear()

    def forget(self) -> None:
        """Clears what was counted for this name, here and in all other buckets."""
        cache.delete_many([self._key("name"), *(self._key(*each) for each in self._of_name())])

    def _of_name(self) -> list[tuple[str, ...]]:
        return [("name", self.network), ("name", self.wide_network)]

    def _limits(self) -> list[tuple[str, int, int]]:
        if self.device:
            return [(self._key("name", self.device), OF_DEVICE, FIVE_MINUTES)]
        here, around = (self._key(*each) for each in self._of_name())
        if cache.get(_known(self.name, self.network)):
            # Attempts on other names from this address are not this person's.
            return [(here, OF_NAME_FROM_NETWORK, FIVE_MINUTES)]
        return [
            (here, OF_NAME_FROM_NETWORK, FIVE_MINUTES),
            (_key("network", self.network), FROM_NETWORK, FIVE_MINUTES),
            (around, OF_NAME_FROM_WIDE_NETWORK, FIVE_MINUTES),
            (self._key("name"), OF_NAME, HOUR),
            (_key("wide", self.wide_network), FROM_WIDE_NETWORK, FIVE_MINUTES),
            (_key("daily", self.wide_network), FROM_WIDE_NETWORK_DAILY, DAY),
        ]

    def _key(self, kind: str, *where: str) -> str:
        return _key(kind, self.name, *where)


def guess(request: HttpRequest, name: str) -> Guess:
    """Returns an attempt with this username, whether or not it exists."""
    name = User.normalize_username(name)
    return Guess(name, devices.known(request, name), *networks(address_of(request)))


def address_of(request: HttpRequest) -> str:
    """Returns the network address that a request comes from."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return trusted_address(forwarded, request.META.get("REMOTE_ADDR", ""))


def _add_one(key: str, seconds: int) -> int:
    """Adds one and returns the count within the period of so many seconds."""
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # expired just now
        cache.set(key, 1, seconds)
        return 1


def _key(kind: str, *parts: str) -> str:
    """Returns a key of fixed length that does not reveal names to readers of the cache."""
    return f"guesses:{kind}:{salted_hmac('accounts.guessing', '|'.join(parts)).hexdigest()[:32]}"


def _known(name: str, network: str) -> str:
    return _key("known", name, network)


@receiver(user_logged_in)
def _remember_network(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is not None:
        network, _ = networks(address_of(request))
        cache.set(_known(user.username, network), True, KNOWN_FOR)


@receiver(post_save, sender=User)
def _password_changed(instance: User, created: bool, **kwargs: Any) -> None:
    """Clears the counts: guesses at the old password reveal nothing about the new one, and an
    attacker who tried codes no longer has the password.
    """
    if created or getattr(instance, "_password", None) is None:
        return
    guess(context.request or HttpRequest(), instance.username).forget()
    key = f"mfa-auth-user-{instance.pk}"
    ratelimit.clear(HttpRequest(), action="login_failed", key=key)
