"""Asking people into rooms who have nothing to do with whoever asks, instead of putting them in.

Only where the setting ``STRANGERS_ASK`` says so: in a team all are colleagues. People who share a
room, of whatever kind, add each other as always.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.models import User
from chat import access, publish, relations
from chat.models import Room, RoomRequest
from chat.protocol import ChatError, ErrorCode

ASKED_A_DAY = 20
"""The most strangers whom one person may ask within 24 hours."""
WAITING_LIMIT = 50
"""The most requests that may wait for one person's answer: all of them stand in ``ready``."""


def strangers_among(user: User, people: Sequence[User]) -> list[User]:
    """Which of these people must be asked."""
    if not settings.STRANGERS_ASK or not people:
        return []
    strangers = relations.strangers_to(user, [person.pk for person in people])
    return [person for person in people if person.pk in strangers]


def check_asking(
    user: User, room: Room | None, strangers: Sequence[User], *, direct: bool = False
) -> list[User]:
    """Which of these strangers are to be asked now: not those who have been, into this room.

    Raises:
        ChatError: ``forbidden`` (one of them has refused this person, and not long ago),
            ``rate_limited`` (too many a day, or too many wait for one of them).
    """
    if not strangers:
        return []
    names = {person.pk: person.username for person in strangers}
    since = timezone.now() - relations.REFUSED_FOR
    known = RoomRequest.objects.filter(user__in=names).filter(Q(room=room) | Q(asker=user))
    here: set[UUID] = set()
    for row in known.filter(Q(refused_at=None) | Q(refused_at__gt=since)):
        if room and row.room_id == room.pk:
            here.add(row.user_id)
        elif row.refused_at:
            raise access.cannot_write() if direct else relations.cannot_add(names[row.user_id])
    fresh = [person for person in strangers if person.pk not in here]
    _check_limits(user, fresh)
    return fresh


def _check_limits(user: User, people: Sequence[User]) -> None:
    if not people:
        return
    lately = timezone.now() - timedelta(days=1)
    asked = RoomRequest.objects.filter(asker=user, created_at__gt=lately).count()
    if asked + len(people) > ASKED_A_DAY:
        raise ChatError(
            ErrorCode.RATE_LIMITED,
            f"You can ask {ASKED_A_DAY} people a day with whom you share no room. Add fewer, or "
            "try again tomorrow.",
        )
    waiting = RoomRequest.objects.filter(user__in=people, refused_at=None).values_list("user_id")
    counts = dict(waiting.annotate(requests=Count("pk")))
    for person in people:
        if counts.get(person.pk, 0) >= WAITING_LIMIT:
            raise ChatError(
                ErrorCode.RATE_LIMITED,
                f"Too many requests wait for @{person.username}. Try again later.",
            )


def ask(user: User, room: Room, people: Collection[User]) -> None:
    """Asks these people into a room, each at most once; ``check_asking`` has allowed it."""
    if not people:
        return
    # Those who refused long ago are asked again.
    old = RoomRequest.objects.filter(room=room, user__in=people)
    old.update(asker=user, created_at=timezone.now(), refused_at=None)
    there = set(old.values_list("user_id", flat=True))
    rows = [
        RoomRequest(room=room, user=each, asker=user) for each in people if each.pk not in there
    ]
    try:
        with transaction.atomic():
            RoomRequest.objects.bulk_create(rows)
    except IntegrityError:  # someone else asks one of them at this moment
        for row in rows:
            fields = {"asker": user}
            RoomRequest.objects.get_or_create(room=room, user=row.user, defaults=fields)
    for person in people:
        publish.relations_changed_on_commit(person.pk)
    # Members see whom a room has asked, so those who have read the room must read it again.
    Room.objects.filter(pk=room.pk).update(members_version=F("members_version") + 1)
    publish.room_changed_on_commit(room.pk)


def is_still_meant(request: RoomRequest) -> bool:
    """Whether its asker may still bring people into the room."""
    if relations.apart_from(request.asker, [request.user_id]):
        return False
    try:
        direct = request.room.kind == Room.Kind.DIRECT
        permission = access.Permission.SEND if direct else access.Permission.MODERATE
        access.room_for(request.asker, request.room_id, permission)
    except ChatError:
        return False
    return True
