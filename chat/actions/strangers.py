"""Sends requests to people who share no room with the sender, instead of adding them to a room.

Only if the setting ``STRANGERS_ASK`` is on: in a team all are colleagues. People who share any room
add each other directly.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from accounts.names.usernames import normalize
from chat import broadcast, permissions
from chat.actions.locks import lock_people
from chat.actions.memberships import members_changed
from chat.models import Room, RoomRequest
from chat.protocol import ChatError, ErrorCode
from chat.queries import relations

ASKED_A_DAY = 20
"""The most strangers whom one person may ask within 24 hours."""
WAITING_LIMIT = 50
"""The most requests that may wait for one person's answer: all of them stand in ``ready``."""


def strangers_among(user: User, people: Sequence[User]) -> list[User]:
    """Returns which of these people must be asked."""
    if not settings.STRANGERS_ASK or not people:
        return []
    strangers = relations.strangers_to(user, [person.pk for person in people])
    return [person for person in people if person.pk in strangers]


def check_asking(user: User, room: Room | None, strangers: Sequence[User]) -> list[User]:
    """Returns which of these strangers to ask now: not those already asked into this room.

    Those who refused are included: the person who asks must not learn of a refusal.

    Raises:
        ChatError: ``rate_limited`` (too many a day, too many wait for one of them, or a request
            to one of them was withdrawn today).
    """
    if not strangers:
        return []
    here: set[UUID] = set()
    if room:
        known = RoomRequest.objects.filter(room=room, user__in=strangers)
        here = set(known.filter(relations.shown_to_room()).values_list("user_id", flat=True))
        # Otherwise one could ask and withdraw without end, and each time they would be told.
        lately = known.filter(withdrawn_at__gt=_a_day_ago()).exclude(room__kind=Room.Kind.DIRECT)
        if row := lately.select_related("user").first():
            raise ChatError(
                ErrorCode.RATE_LIMITED,
                f"The request to @{row.user.username} was withdrawn. Try again tomorrow.",
            )
    fresh = [person for person in strangers if person.pk not in here]
    _check_limits(user, fresh, len(fresh))
    return fresh


def ask(user: User, room: Room, people: Collection[User]) -> None:
    """Stores requests to these people, each at most once; ``check_asking`` has chosen them. It
    comes first in a transaction, as it may refuse, and ``tell_asked`` last.

    Raises:
        ChatError: ``rate_limited``, as others have been asked since; nothing is stored.
    """
    if not people:
        return
    lock_people([user.pk, *(person.pk for person in people)])
    since = timezone.now() - relations.REFUSED_FOR
    refused = dict(
        RoomRequest.objects.filter(Q(room=room) | Q(asker=user))
        .filter(user__in=people, refused_at__gt=since)
        .order_by("refused_at")
        .values_list("user_id", "refused_at")
    )
    # Those who refused long ago, or whose request was withdrawn, are asked again.
    ended = RoomRequest.objects.filter(room=room, user__in=people)
    old = list(ended.exclude(relations.shown_to_room()))
    RoomRequest.objects.filter(pk__in=[row.pk for row in old]).delete()
    rows = [
        RoomRequest(room=room, user=each, asker=user, refused_at=refused.get(each.pk))
        for each in people
    ]
    _store(rows)
    try:
        # Now that they are stored: of those who ask at the same moment the last sees them all.
        _check_limits(user, people, 0)
    except ChatError:
        # Where there are no transactions, nothing else takes it back.
        RoomRequest.objects.filter(pk__in=[row.pk for row in rows]).delete()
        RoomRequest.objects.bulk_create(old)
        raise


def _store(rows: Sequence[RoomRequest]) -> None:
    try:
        with transaction.atomic():
            RoomRequest.objects.bulk_create(rows)
    except IntegrityError:  # someone else asks one of them at this moment
        for row in rows:
            fields = {"id": row.pk, "asker": row.asker, "refused_at": row.refused_at}
            RoomRequest.objects.get_or_create(room=row.room, user=row.user, defaults=fields)


def _check_limits(user: User, people: Collection[User], more: int) -> None:
    """Checks that this person may send these requests, of which so many are not stored yet."""
    if not people:
        return
    asked = RoomRequest.objects.filter(asker=user, created_at__gt=_a_day_ago()).count()
    if asked + more > ASKED_A_DAY:
        raise ChatError(
            ErrorCode.RATE_LIMITED,
            f"You can ask {ASKED_A_DAY} people a day with whom you share no room. Add fewer, or "
            "try again tomorrow.",
        )
    waiting = RoomRequest.objects.filter(user__in=people, refused_at=None, withdrawn_at=None)
    counts = dict(waiting.values_list("user_id").annotate(requests=Count("pk")))
    for person in people:
        if counts.get(person.pk, 0) + bool(more) > WAITING_LIMIT:
            raise ChatError(
                ErrorCode.RATE_LIMITED,
                f"Too many requests wait for @{person.username}. Try again later.",
            )


def tell_asked(room: Room, people: Collection[User]) -> None:
    """Notifies these people of their requests, and the room of whom it has asked."""
    if people:
        _tell(room.pk, [person.pk for person in people])


def withdraw(request: RoomRequest) -> None:
    """Withdraws a request: it cannot be accepted any more, and the room does not show it."""
    with transaction.atomic():
        RoomRequest.objects.filter(pk=request.pk).update(withdrawn_at=timezone.now())
        _tell(request.room_id, [request.user_id])


def request_known_to(room: Room, username: str) -> RoomRequest | None:
    """Returns the request to a person who is no member yet, if the room shows it."""
    shown = RoomRequest.objects.filter(relations.shown_to_room(), room=room)
    return shown.filter(user__username=normalize(username)).select_related("user").first()


def _tell(room: UUID, people: Collection[UUID]) -> None:
    for user in people:
        broadcast.relations_changed_on_commit(user)
    # Members see whom a room has asked.
    members_changed(room)


def _a_day_ago() -> datetime:
    return timezone.now() - timedelta(days=1)


def is_still_meant(request: RoomRequest) -> bool:
    """Returns whether the sender may still bring people into the room."""
    if relations.apart_from(request.asker, [request.user_id]):
        return False
    try:
        direct = request.room.kind == Room.Kind.DIRECT
        permission = permissions.Permission.SEND if direct else permissions.Permission.MODERATE
        permissions.room_for(request.asker, request.room_id, permission)
    except ChatError:
        return False
    return True
