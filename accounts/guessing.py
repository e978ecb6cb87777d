"""How many wrong passwords are taken, by name and by network.

Three wishes pull apart: nobody guesses a password, nobody locks somebody else out, and an office
behind one address comes in. So wrong passwords are counted in several places at once, and what
says that a person has been here before takes them out of the counts that others fill:

- A browser in which they signed in has a cookie (``devices``). It has a count of its own.
- From a network in which they signed in within a month, what happens in other networks does not
  count. That is for programs, which keep no cookies.

All processes count together, in the cache.
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

from accounts import devices
from accounts.models import User
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
    """An attempt to sign in, which is taken for a wrong one until it turns out to be right."""

    name: str
    device: str | None
    network: str
    wide_network: str
    _counted: list[str] = field(default_factory=list)

    def count(self) -> bool:
        """Whether the attempt may be made; it is counted if so."""
        if not settings.RATE_LIMITS:
            return True
        for key, limit, seconds in self._limits():
            self._counted.append(key)
            if _add_one(key, seconds) > limit:
                self.rollback()
                return False
        return True

    def rollback(self) -> None:
        """The attempt was right, or was not made."""
        for key in self._counted:
            try:
                cache.decr(key)
            except ValueError:
                pass  # its time is over
        self._counted.clear()

    def forget(self) -> None:
        """What was counted for this name, here and everywhere, counts no longer."""
        cache.delete_many([self._key("name"), *(self._key(*each) for each in self._of_name())])

    def _of_name(self) -> list[tuple[str, ...]]:
        return [("name", self.network), ("name", self.wide_network)]

    def _limits(self) -> list[tuple[str, int, int]]:
        if self.device:
            return [(self._key("name", self.device), OF_DEVICE, FIVE_MINUTES)]
        here, around = (self._key(*each) for each in self._of_name())
        if cache.get(_known(self.name, self.network)):
            # Whatever others behind this address try of other names is not this person's.
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
    """An attempt with this username, whether or not anybody has it."""
    name = User.normalize_username(name)
    return Guess(name, devices.known(request, name), *networks(address_of(request)))


def address_of(request: HttpRequest) -> str:
    """Where a request comes from."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return trusted_address(forwarded, request.META.get("REMOTE_ADDR", ""))


def _add_one(key: str, seconds: int) -> int:
    """How many there are with this one, since the first of so many seconds."""
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # its time ended just now
        cache.set(key, 1, seconds)
        return 1


def _key(kind: str, *parts: str) -> str:
    """Of one length, and telling nobody who reads the cache whose names these are."""
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
    """What was guessed of the old password says nothing of the new one, and whoever tried codes
    has the password no longer."""
    if created or getattr(instance, "_password", None) is None:
        return
    guess(context.request or HttpRequest(), instance.username).forget()
    key = f"mfa-auth-user-{instance.pk}"
    ratelimit.clear(HttpRequest(), action="login_failed", key=key)
