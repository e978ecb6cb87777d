"""Reads memberships, read marks and suspensions of many people in bulk."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Sum

from accounts.models import User
from chat.models import Membership

Digest = tuple[int, datetime | None]
"""How many rooms someone is in, and when they joined the last: it differs when they differ."""


def memberships_of(users: Collection[UUID]) -> dict[UUID, tuple[list[UUID], Digest]]:
    """Returns the rooms of each of these people, and their digest."""
    joined: dict[UUID, dict[UUID, datetime]] = {user: {} for user in users}
    rows = Membership.objects.filter(user_id__in=users)
    for user, room, at in rows.values_list("user_id", "room_id", "joined_at"):
        joined[user][room] = at
    return {
        user: (list(rooms), (len(rooms), max(rooms.values(), default=None)))
        for user, rooms in joined.items()
    }


def membership_digests(users: Collection[UUID]) -> dict[UUID, tuple[Digest, int]]:
    """Returns the digests of many people in one query, and the sum of all that they have read."""
    rows = (
        Membership.objects.filter(user_id__in=users)
        .values_list("user_id")
        .annotate(rooms=Count("pk"), latest=Max("joined_at"), reads=Sum("read_number"))
    )
    return {user: ((rooms, latest), reads) for user, rooms, latest, reads in rows}


def read_numbers(users: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Returns how far each of these people has read in each of their rooms."""
    found: dict[UUID, dict[UUID, int]] = {user: {} for user in users}
    rows = Membership.objects.filter(user_id__in=users)
    for user, room, number in rows.values_list("user_id", "room_id", "read_number"):
        found[user][room] = number
    return found


def suspended_among(users: Collection[UUID]) -> set[UUID]:
    """Returns which of these people are suspended, or do not exist any more."""
    active = User.objects.filter(pk__in=users, is_active=True).values_list("pk", flat=True)
    return set(users) - set(active)
