"""Advances one follower in one room, and finds rooms where it is behind."""

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from uuid import UUID

from django.utils import timezone

from chat.followers.registry import all_followers
from chat.models import Follower, Message, Room
from chat.models.followers import follower_id
from chat.queries import room_log

BATCH = 500
"""Messages that a follower is given at once."""
LEASE = timedelta(seconds=60)
"""A process that takes a batch has this long; then it counts as dead, and another one goes on."""
ROOMS_AT_ONCE = 500
"""Rooms whose heads are read with one query."""


class Step(Enum):
    DONE = "nothing is left"
    MORE = "there may be more"
    BUSY = "another process works on it"


def advance(name: str, room: UUID) -> Step:
    """Passes the next batch of a room to a follower, and stores its position.

    Raises:
        Exception: what the follower raises; it gets the same batch again.
    """
    row, _ = Follower.objects.get_or_create(
        pk=follower_id(name, room), defaults={"name": name, "room_id": room}
    )
    now = timezone.now()
    if row.lease_until is not None and row.lease_until > now:
        return Step.BUSY
    until = now + LEASE
    same = Follower.objects.filter(pk=row.pk, position=row.position, lease_until=row.lease_until)
    if not same.update(lease_until=until):
        return Step.BUSY
    mine = Follower.objects.filter(pk=row.pk, lease_until=until)
    position = row.position
    try:
        log = Message.objects.filter(room=room, position__gt=position).order_by("position")
        changes = list(log[:BATCH])
        if changes:
            all_followers()[name](room, changes)
            position = changes[-1].position
    finally:
        mine.update(position=position, lease_until=None)
    return Step.MORE if len(changes) == BATCH else Step.DONE


def behind(name: str) -> Iterator[UUID]:
    """Returns the rooms in which a follower has not had all changes, in two queries for
    500 rooms.
    """
    ids = list(Room.objects.values_list("pk", flat=True))
    for start in range(0, len(ids), ROOMS_AT_ONCE):
        rooms = ids[start : start + ROOMS_AT_ONCE]
        heads = room_log.heads(rooms)
        rows = Follower.objects.filter(name=name, room__in=rooms)
        had = dict(rows.values_list("room_id", "position"))
        yield from (room for room, head in heads.items() if head.position > had.get(room, 0))


def begin_again(name: str) -> None:
    """Resets a follower, so that it gets every room from the beginning."""
    Follower.objects.filter(name=name).update(position=0)
