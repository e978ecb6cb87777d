"""Who comes into a room, and who goes.

Each change of a room's members, name or state increases ``members_version`` as its last write.
Events carry that number. A hub that receives a newer number than its own first asks the database
who may still read, then sends everyone the room again, and only then forwards the event.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from chat import message_queries, publish
from chat.models import Membership, Room, RoomRequest
from chat.protocol import Role, RoomKind


def admit(room: Room, people: Collection[User], role: Role) -> None:
    """Makes people members; those who are in already keep their role. Whatever they have been
    asked ends with that, or they could come back by it after they were removed."""
    ended = _end_requests(room, people)
    if _store(room, people, role) or ended:
        members_changed(room.pk)


def let_in(room: Room, user: User) -> None:
    """Makes someone a member of a room into which they have been asked."""
    with transaction.atomic():
        _store(room, [user], Role.MEMBER)
        if room.kind == RoomKind.DIRECT:
            Room.objects.filter(pk=room.pk).update(waiting=None)
            # What was written meanwhile was written to them.
            Membership.objects.filter(room=room, user=user).update(read_number=0)
        # After these: where there are no transactions, who accepts again after a death finds it.
        _end_requests(room, [user])
        # The version grows last: without transactions a hub may have read what was true between
        # two of these writes, and looks again when it sees a newer one.
        members_changed(room.pk)


def dismiss(room: Room, membership: Membership, reason: str) -> None:
    """Ends a membership. The last owner hands the room on to the oldest member."""
    with transaction.atomic():
        if is_last_owner(membership):
            _hand_on(room, membership)
        _end_requests(room, [membership.user])
        membership.delete()
        publish.removed_on_commit(membership.user_id, room.pk, reason)
        members_changed(room.pk)


def members_changed(room: UUID, **fields: Any) -> None:
    """Has everyone who has read the room read it again, with new values of these fields of it."""
    Room.objects.filter(pk=room).update(members_version=F("members_version") + 1, **fields)
    publish.room_changed_on_commit(room)


def present(room: Room, people: Collection[User]) -> set[UUID]:
    """Those of these people who are in the room."""
    rows = Membership.objects.filter(room=room, user__in=[person.pk for person in people])
    return set(rows.values_list("user_id", flat=True))


def is_last_owner(membership: Membership) -> bool:
    """Whether the room would be nobody's without them."""
    if membership.role != Role.OWNER:
        return False
    owners = Membership.objects.filter(room_id=membership.room_id, role=Role.OWNER)
    return not owners.exclude(pk=membership.pk).exists()


def _store(room: Room, people: Collection[User], role: Role) -> bool:
    """Whether any of these people are new."""
    there = present(room, people)
    new = [person for person in people if person.pk not in there]
    if not new:
        return False
    # Someone who comes in has nothing unread: what was said before was not said to them.
    number = message_queries.heads([room.pk])[room.pk].number
    admitted = _stored(
        [Membership(room=room, user=each, role=role.value, read_number=number) for each in new]
    )
    publish.rooms_changed_on_commit(*(each.user_id for each in admitted))
    return bool(admitted)


def _stored(new: Sequence[Membership]) -> list[Membership]:
    """Stores memberships, and returns those that were not there before."""
    try:
        with transaction.atomic():
            Membership.objects.bulk_create(new)
    except IntegrityError:
        # Someone else adds one of them at this moment. Without transactions some are stored.
        ids = [each.pk for each in new]
        stored = set(Membership.objects.filter(pk__in=ids).values_list("pk", flat=True))
        return [each for each in new if each.pk in stored or _is_stored(each)]
    return list(new)


def _is_stored(membership: Membership) -> bool:
    try:
        with transaction.atomic():
            membership.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _end_requests(room: Room, people: Collection[User]) -> bool:
    """Whether any of these people had been asked into the room."""
    rows = RoomRequest.objects.filter(room=room, user__in=people)
    if not (asked := set(rows.values_list("user_id", flat=True))):
        return False
    rows.delete()
    for user in asked:
        publish.relations_changed_on_commit(user)
    return True


def _hand_on(room: Room, owner: Membership) -> None:
    others = room.memberships.exclude(pk=owner.pk)
    heir = (
        others.filter(role=Role.MODERATOR).order_by("joined_at").first()
        or others.order_by("joined_at").first()
    )
    if heir:
        heir.role = Role.OWNER
        heir.save(update_fields=["role"])
