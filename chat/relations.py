"""Who has blocked whom: every read about it, each in one query for any number of people."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from chat import payloads
from chat.models import Block


@dataclass(frozen=True, slots=True)
class Relations:
    """How one person stands with others, by username."""

    blocked: frozenset[str] = frozenset()
    """Those whom they have blocked."""
    apart: frozenset[str] = frozenset()
    """Those, and whoever has blocked them: neither sees whether the other is here."""


def relations_of(users: Collection[UUID]) -> dict[UUID, Relations]:
    """How each of these people stands with others."""
    pairs = Block.objects.filter(Q(blocker__in=users) | Q(blocked__in=users))
    rows = list(pairs.values_list("blocker_id", "blocked_id"))
    names = payloads.usernames({id for pair in rows for id in pair})
    blocked: dict[UUID, set[str]] = {user: set() for user in users}
    apart: dict[UUID, set[str]] = {user: set() for user in users}
    for blocker, refused in rows:
        if blocker in apart:
            blocked[blocker].add(names[refused])
            apart[blocker].add(names[refused])
        if refused in apart:
            apart[refused].add(names[blocker])
    return {user: Relations(frozenset(blocked[user]), frozenset(apart[user])) for user in users}


def apart_from(user: User, others: Collection[UUID]) -> set[UUID]:
    """Which of these people have blocked this person, or are blocked by them."""
    rows = Block.objects.filter(
        Q(blocker=user, blocked__in=others) | Q(blocked=user, blocker__in=others)
    ).values_list("blocker_id", "blocked_id")
    return {id for pair in rows for id in pair} - {user.pk}
