"""Who comes into a room, and who goes.

Each change of a room's members, name or state increases ``members_version`` as its last write.
Events carry that number. A hub that receives a newer number than its own first asks the database
who may still read, then sends everyone the room again, and only then forwards the event.

A room has an owner who is not suspended, as long as it has a member who is not. A process that dies
between two writes, and versions before, left rooms without one: they get theirs as soon as
somebody comes in, looks at the members, or is refused what an owner may do.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

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


def dismiss(room: Room, membership: Membership, reason: str, remover: User | None = None) -> None:
    """Ends a membership. The last owner hands the room on. Who is removed is told from which room,
    and by which of its people."""
    with transaction.atomic():
        lock_room(room.pk)
        # Before they go, so that a process that dies in between leaves two owners, and never none.
        _find_owner(room, leaving=membership)
        _end_requests(room, [membership.user])
        membership.delete()
        name = room.name if reason == "removed" else None
        by = remover.username if remover else None
        publish.removed_on_commit(membership.user_id, room.pk, reason, name, by)
        # After these: of two owners who leave at once, the later one sees that nobody is left.
        _find_owner(room)
        members_changed(room.pk)


def hand_rooms_on(user: UUID) -> None:
    """Finds other owners for the rooms of someone who has been suspended, and whose alone they are.

    They stay an owner beside the new one, should they come back.
    """
    owned = Membership.objects.filter(user=user, role=Role.OWNER)
    # Always in the same order, so that two never wait for each other.
    for room in owned.order_by("room_id").values_list("room_id", flat=True):
        ensure_owner(room)


def ensure_owner(room: UUID) -> bool:
    """Gives a room an owner if it has none who could act. Whether it did."""
    if _active_owners(room).exists():
        return False
    with transaction.atomic():
        row = lock_room(room)
        if row is None or not _find_owner(row):
            return False
        members_changed(room)
    return True


def appoint(membership: Membership) -> None:
    """Makes a member an owner, beside those whom the room has."""
    with transaction.atomic():
        Membership.objects.filter(pk=membership.pk).update(role=Role.OWNER.value)
        members_changed(membership.room_id)


def members_changed(room: UUID, **fields: Any) -> None:
    """Has everyone who has read the room read it again, with new values of these fields of it."""
    Room.objects.filter(pk=room).update(members_version=F("members_version") + 1, **fields)
    publish.room_changed_on_commit(room)


def present(room: Room, people: Collection[User]) -> set[UUID]:
    """Those of these people who are in the room."""
    rows = Membership.objects.filter(room=room, user__in=[person.pk for person in people])
    return set(rows.values_list("user_id", flat=True))


def is_last_owner(membership: Membership) -> bool:
    """Whether nobody could act as the room's owner without them."""
    if membership.role != Role.OWNER:
        return False
    return not _active_owners(membership.room_id).exclude(pk=membership.pk).exists()


def lock_room(room: UUID) -> Room | None:
    """The room, whose owners nobody else changes until the transaction ends.

    Messages do not wait for it. MongoDB has no such locks.
    """
    return Room.objects.select_for_update(no_key=True).filter(pk=room).first()


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
    if admitted:
        _find_owner(room)
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


def _active_owners(room: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(room_id=room, role=Role.OWNER, user__is_active=True)


def _find_owner(room: Room, *, leaving: Membership | None = None) -> bool:
    """Makes the member who has been there longest the owner of a room that has none who could act
    once this one has left, and moderators before others. Whether it did."""
    members = Membership.objects.filter(room=room, user__is_active=True)
    if leaving is not None:
        members = members.exclude(pk=leaving.pk)
    if room.kind == RoomKind.DIRECT or members.filter(role=Role.OWNER).exists():
        return False
    longest = members.order_by("joined_at", "pk")
    heir = longest.filter(role=Role.MODERATOR).first() or longest.first()
    if heir is None:
        return False
    return bool(Membership.objects.filter(pk=heir.pk).update(role=Role.OWNER.value))
