"""Reads a room's messages: pages of history, and its log of changes.

Each read takes a bounded number of queries, and memory in proportion to the bounded result.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Length

from accounts.models import User
from chat import permissions, protocol, serializers
from chat.message_log.entry import LogEntry
from chat.models import Message, Revision, Room

LOADED_LIMIT = 2 * protocol.PAGE_SIZE
"""Characters of messages that are loaded for one page, which then ends by its encoded size."""
FEW = 8
"""Messages that are loaded without asking for their sizes first: a megabyte or two at most."""
LOADED_TOGETHER = 16 * protocol.PAGE_SIZE
"""Characters of messages that are loaded at once for many rooms."""


def history(
    user: User, room_id: UUID, *, before: int | None, after: int | None, limit: int
) -> tuple[list[str], bool]:
    """Returns a page of encoded messages, newest last, and whether there are more in that
    direction: the first ones after a number, else the last ones before a number, else the newest. A
    page ends by ``limit`` or by ``protocol.PAGE_SIZE``, whichever comes first.

    Raises:
        ChatError: ``not_found``.
    """
    permissions.room_for(user, room_id, permissions.Permission.READ)
    rows = Message.objects.filter(room_id=room_id)
    if before is not None:
        rows = rows.filter(number__lt=before)
    if after is not None:
        rows = rows.filter(number__gt=after)
    found, more = _page(rows, "-number" if after is None else "number", limit)
    page = [entry.encoded for entry in found]
    return page[::-1] if after is None else page, more


def revisions(user: User, message_id: UUID) -> tuple[list[protocol.Revision], bool]:
    """Returns a message's former texts, oldest first, as many as fit into a page, and whether there
    are more; none of a hidden message.

    Raises:
        ChatError: ``not_found``, or ``forbidden`` to all but the room's moderators.
    """
    message, grant = permissions.message_for(user, message_id)
    grant.check(permissions.Permission.MODERATE)
    if message.is_gone:
        return [], False
    rows = Revision.objects.filter(message=message).order_by("-position")
    sizes = list(
        rows.annotate(size=Length("body")).values_list("size", flat=True)[: protocol.PAGE_LIMIT + 1]
    )
    count = protocol.page_end(sizes[: protocol.PAGE_LIMIT])
    found = [protocol.Revision(body=row.body, replaced_at=row.replaced_at) for row in rows[:count]]
    return found[::-1], count < len(sizes)


# -- The log, for hubs ------------------------------------------------------------------------


@dataclass(slots=True)
class Head:
    """The current position of a room's log and the version of its membership."""

    position: int
    number: int
    members_version: int

    def as_pair(self) -> tuple[int, int]:
        return self.position, self.number


def heads(rooms: Collection[UUID]) -> dict[UUID, Head]:
    """Returns the heads of many rooms in one query."""
    log = Message.objects.filter(room=OuterRef("pk"))
    rows = (
        Room.objects.filter(pk__in=rooms)
        .annotate(
            position=Subquery(log.order_by("-position").values("position")[:1]),
            number=Subquery(log.order_by("-number").values("number")[:1]),
        )
        .values_list("pk", "position", "number", "members_version")
    )
    return {pk: Head(position or 0, number or 0, version) for pk, position, number, version in rows}


def changes(room: UUID, *, after: int, limit: int) -> tuple[list[LogEntry], bool]:
    """Returns a page of a room's changes after a position, in order, and whether there are more.
    Does not check permissions.
    """
    rows = Message.objects.filter(room_id=room, position__gt=after)
    return _page(rows, "position", limit)


def newest_changes(
    room: UUID, *, until: int, limit: int, size: int = LOADED_LIMIT
) -> tuple[list[LogEntry], bool]:
    """Returns a room's last changes up to a position, in order, and whether there are older ones:
    at most so many, with at most so many characters of messages.
    """
    rows = Message.objects.filter(room_id=room, position__lte=until)
    found, more = _load(rows, "-position", limit, size)
    return serializers.log_entries(found[::-1]), more


def changes_of_many(
    spans: Mapping[UUID, tuple[int, int]],
) -> dict[UUID, tuple[int, list[LogEntry]]]:
    """Returns the changes of many rooms, each after one position and up to another, in two queries.

    If that is too much in total, the result starts later in some rooms: each entry gives the
    position after which it starts.
    """
    wanted = [
        Q(room_id=room, position__gt=after, position__lte=until)
        for room, (after, until) in spans.items()
    ]
    sized = (
        Message.objects.filter(Q(*wanted, _connector=Q.OR))
        .annotate(size=_SIZE)
        .values_list("room_id", "position", "pk", "size")
    )
    newest_first = sorted(sized, key=lambda row: (row[0], -row[1]))
    count = protocol.page_end((size for _, _, _, size in newest_first), LOADED_TOGETHER)
    # Each room begins after the newest that is left out of it.
    left_out = {room: position for room, position, _, _ in reversed(newest_first[count:])}
    begins = {room: left_out.get(room, after) for room, (after, _) in spans.items()}
    rows = Message.objects.filter(pk__in=[pk for _, _, pk, _ in newest_first[:count]])
    found: dict[UUID, list[LogEntry]] = {room: [] for room in spans}
    ordered = sorted(rows, key=lambda row: row.position)
    for row, entry in zip(ordered, serializers.log_entries(ordered), strict=True):
        # One that changed between the two queries stands further on now.
        if row.position <= spans[row.room_id][1]:
            found[row.room_id].append(entry)
    return {room: (begins[room], found[room]) for room in spans}


# -- Pages -----------------------------------------------------------------------------------

_SIZE = Length("body") + 2 * Length("html")
"""Characters that a message takes up, more or less: code that is attached to it is a part of its
HTML as well."""


def _page(rows: "QuerySet[Message]", order: str, limit: int) -> tuple[list[LogEntry], bool]:
    """Returns the first of these messages in this order that fit into one page, and whether there
    are more.
    """
    found, more = _load(rows, order, limit, LOADED_LIMIT)
    encoded = serializers.log_entries(found)
    count = protocol.page_end(protocol.wire_size(entry.encoded) for entry in encoded)
    return encoded[:count], more or count < len(encoded)


def _load(
    rows: "QuerySet[Message]", order: str, limit: int, size: int
) -> tuple[list[Message], bool]:
    """The first of these messages in this order, at most so many and so many characters but at
    least one, and whether there are more. Asks for sizes first: what is not sent need not be
    loaded either."""
    rows = rows.order_by(order)
    if limit <= FEW:
        found = list(rows[: limit + 1])
        return found[:limit], len(found) > limit
    field = order.removeprefix("-")
    while True:
        sizes = list(rows.annotate(size=_SIZE).values_list(field, "size")[: limit + 1])
        count = protocol.page_end([each for _, each in sizes[:limit]], size)
        places = [place for place, _ in sizes[:count]]
        if not places:
            return [], False
        # Between these very places: a message that has come since would push another one out.
        within = {f"{field}__gte": min(places), f"{field}__lte": max(places)}
        # All of them may have moved on since; then there is another first page.
        if found := list(rows.filter(**within)):
            return found, count < len(sizes)
