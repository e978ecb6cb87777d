"""Making those wait for one another who would otherwise count the same rows at the same moment."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import User


def lock_people(users: Collection[UUID]) -> None:
    """Lets nobody else pass here with one of these people until the transaction ends.

    Always in the same order, so that two wait for each other and never in a circle, and before
    anything else is locked. What merely names these people, such as a message of theirs, does not
    wait. SQLite has one writer at a time anyway; MongoDB has no such locks, so whoever must keep to
    a limit there stores first, counts after, and takes back what was too much.
    """
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=users)
    list(rows.order_by("pk").values_list("pk"))
