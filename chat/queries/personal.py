"""Reads people's own logs: changes of one person's view of the chat, ordered by version."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max

from chat import protocol
from chat.models import PersonalChange
from chat.models.personal import change_id

ROOM_KINDS = frozenset({protocol.PersonalKind.FAVORITE})
"""What is about a room: its key is the room's id."""


@dataclass(frozen=True, slots=True)
class Page:
    """Changes of one person's log, in order."""

    changes: list[protocol.PersonalChange]
    version: int
    """Up to which the log is known with these."""
    more: bool
    reset: bool
    """The log ends before what was asked for: these are its first changes."""


def versions_of(users: Collection[UUID]) -> dict[UUID, int]:
    """Returns the newest version of each of these people's logs; 0 if there is no change."""
    rows = PersonalChange.objects.filter(user_id__in=users).values_list("user_id")
    return dict.fromkeys(users, 0) | dict(rows.annotate(version=Max("version")))


def changes_after(user: UUID, after: int) -> Page:
    """Returns the next changes of a person's log. A page ends by number and by size."""
    found = _from(user, after) if after else _from(user, 1)
    reset = after > 0 and not found  # the newest version always has its row
    if reset:
        found = _from(user, 1)
    known = after if not reset else 0
    rows = [row for row in found if row[0] > known]
    changes: list[protocol.PersonalChange] = []
    size = 0
    for row in rows[: protocol.PERSONAL_PAGE_LIMIT]:
        change = change_of(*row)
        size += len(change.model_dump_json())
        if changes and size > protocol.PAGE_SIZE:
            break
        changes.append(change)
    version = changes[-1].version if changes else known
    return Page(changes, version, len(changes) < len(rows), reset)


def _from(user: UUID, version: int) -> list[tuple[int, str, str, Any]]:
    rows = PersonalChange.objects.filter(user_id=user, version__gte=version).order_by("version")
    # One may be known already, and one shows that there are more.
    limit = protocol.PERSONAL_PAGE_LIMIT + 2
    return list(rows.values_list("version", "kind", "key", "value")[:limit])


def values_of(ids: Collection[UUID]) -> dict[UUID, Any]:
    """Returns the values of these things, by the ids of their rows; only of those ever changed."""
    rows = PersonalChange.objects.filter(pk__in=ids)
    return dict(rows.values_list("pk", "value"))


def favorites_among(users: Iterable[UUID], room: UUID) -> set[UUID]:
    """Returns which of these people have a room among their favourites."""
    ids = {change_id(user, protocol.PersonalKind.FAVORITE, str(room)): user for user in users}
    return {ids[pk] for pk, value in values_of(ids.keys()).items() if value is True}


def change_of(version: int, kind: str, key: str, value: Any) -> protocol.PersonalChange:
    """Returns a change as clients see it."""
    is_about_room = kind in ROOM_KINDS
    return protocol.PersonalChange.model_construct(
        kind=kind,
        room=UUID(key) if is_about_room else None,
        key=None if is_about_room else key,
        value=value,
        version=version,
    )
