"""How much of a room is unread, with the rooms of any number of people."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from chat.models import Membership, Message


def with_unasked(memberships: "QuerySet[Membership]") -> "QuerySet[Any, Any]":
    """With ``unasked``: how many messages after ``read_number`` ask nobody to read them, which are
    the person's own and those of others that are deleted or hidden.

    Numbers have no gaps, so the unread ones are the rest. Nothing else has to be read, whatever
    their number: not one row for a hundred thousand that are unread.
    """
    here = Message.objects.filter(room=OuterRef("room"))
    own = here.filter(sender=OuterRef("user"), number__gt=OuterRef("read_number"))
    gone = here.filter(gone_number__gt=OuterRef("read_number")).exclude(sender=OuterRef("user"))
    return memberships.annotate(unasked=_count(own) + _count(gone))


def _count(rows: "QuerySet[Message]") -> Coalesce:
    counted = rows.order_by().values("room").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


def unasked_in(memberships: Iterable[Membership | None]) -> dict[UUID, int]:
    """The same of each of these memberships, by its id."""
    rows = Membership.objects.filter(pk__in=[each.pk for each in memberships if each])
    return dict(with_unasked(rows).values_list("pk", "unasked"))
