"""Counts unread messages in rooms, at the same cost for any number of people."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from chat.models import Membership, Message


def with_unasked(memberships: "QuerySet[Membership]") -> "QuerySet[Any, Any]":
    """Annotates ``unasked``: the messages after ``read_number`` that do not count as unread, which
    are the person's own and others' deleted or hidden ones.

    Numbers have no gaps, so the rest is unread. This needs no read of the unread messages, however
    many there are.
    """
    here = Message.objects.filter(room=OuterRef("room"))
    own = here.filter(sender=OuterRef("user"), number__gt=OuterRef("read_number"))
    gone = here.filter(gone_number__gt=OuterRef("read_number")).exclude(sender=OuterRef("user"))
    return memberships.annotate(unasked=_count(own) + _count(gone))


def _count(rows: "QuerySet[Message]") -> Coalesce:
    counted = rows.order_by().values("room").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


def unasked_in(memberships: Iterable[Membership | None]) -> dict[UUID, int]:
    """Returns the same number for each of these memberships, by its id."""
    rows = Membership.objects.filter(pk__in=[each.pk for each in memberships if each])
    return dict(with_unasked(rows).values_list("pk", "unasked"))
