"""Serialises writers who would otherwise count the same rows at the same moment."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import User


def lock_people(users: Collection[UUID]) -> None:
    """Locks these people for other callers until the transaction ends.

    Locks in a fixed order, so that callers never deadlock, and before anything else is locked.
    Writes that only refer to these people, such as their messages, do not wait. SQLite has one
    writer at a time anyway; MongoDB has no such locks, so callers with a limit store first there,
    count after, and undo the excess.
    """
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=users)
    list(rows.order_by("pk").values_list("pk"))
