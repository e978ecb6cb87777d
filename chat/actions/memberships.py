"""Adds members to rooms and removes them.

Each change of a room's members, name or state increases ``members_version`` as its last write.
Events carry that number. A hub that receives a newer number than its own first asks the database
who may still read, then sends everyone the room again, and only then forwards the event.

A room has an owner who is not suspended, as long as it has a member who is not. A process that dies
between two writes, and versions before, left rooms without one: they get theirs as soon as
somebody comes in, looks at the members, or is refused what an owner may do.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from accounts.models import User
from chat import broadcast
from chat.models import Membership, Room, RoomRequest
from chat.protocol import RemovalReason, Role, RoomKind
from chat.queries import personal, room_log
from mediachat.databases.transactions import retried

HANDED_ON_AT_ONCE = 100
"""Rooms that get their owners in one transaction, and so wait for one another."""


def admit(room: Room, people: Collection[User], role: Role) -> None:
    """Makes people members; existing members keep their role. It ends requests to them, which would
    otherwise let them return after a removal.
    """
    ended = _end_requests(room, people)
    if _store(room, people, role) or ended:
        members_changed(room.pk)


def let_in(room: Room, user: User) -> None:
    """Makes a person a member of a room into which they have been asked."""
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


def await_message(room: Room, user: User) -> None:
    """Ends a person's request into a direct room without messages: they get the room with the
    first.
    """
    with transaction.atomic():
        # Before the room ceases to wait: a process that dies in between is mended by the same
        # command sent again.
        _end_requests(room, [user])
        Room.objects.filter(pk=room.pk).update(waiting=None)
        members_changed(room.pk)


def let_newcomers_in(newcomers: Mapping[UUID, UUID]) -> set[UUID]:
    """Makes the other person (by id) of each of these direct rooms a member, as it is about to
    have its first message. It comes before that message, as nobody would do it later where there
    are no transactions; ``publish.rooms_changed_on_commit`` comes after it.

    Returns:
        Those who have not been members.
    """
    if not newcomers:
        return set()
    rows = Membership.objects.filter(room__in=newcomers).values_list("room_id", "user_id")
    missing = newcomers.items() - set(rows)
    # Someone may have been deleted or erased since the room was opened.
    people = set(_remaining([user for _, user in missing]).values_list("pk", flat=True))
    new = [
        Membership(room_id=room, user_id=user) for room, user in sorted(missing) if user in people
    ]
    # The room showed both people as its members before, so ``members_version`` stays as it is.
    return {each.user_id for each in _stored(new)} if new else set()


def end_membership(
    room: Room, membership: Membership, reason: RemovalReason, remover: User | None = None
) -> None:
    """Ends a membership. The last owner hands the room on. A removed person is notified, with the
    room and who removed them.
    """
    with transaction.atomic():
        lock_room(room.pk)
        # Before they go, so that a process that dies in between leaves two owners, and never none.
        _find_owners([room.pk], leaving=membership)
        _end_requests(room, [membership.user])
        membership.delete()
        name = room.name if reason is RemovalReason.REMOVED else None
        by = remover.username if remover else None
        broadcast.removed_on_commit(membership.user_id, room.pk, reason, name, by)
        # After these: of two owners who leave at once, the later one sees that nobody is left.
        _find_owners([room.pk])
        members_changed(room.pk)


def hand_rooms_on(user: UUID) -> None:
    """Finds other owners for the rooms that a newly suspended person alone owns.

    They stay an owner beside the new one, should they come back. The first rooms change together
    with the suspension. Those of somebody who owns hundreds follow after it in transactions of
    their own, so that nobody waits for all of them. Should the process die in between, the rest
    get theirs when the suspension is tried again, or when a member needs an owner.
    """
    owned = Membership.objects.filter(user=user, role=Role.OWNER).order_by("room_id")
    rooms = list(owned.values_list("room_id", flat=True))
    _ensure_owners(rooms[:HANDED_ON_AT_ONCE])
    if others := rooms[HANDED_ON_AT_ONCE:]:
        transaction.on_commit(lambda: _hand_on_in_turn(others))


def _hand_on_in_turn(rooms: Sequence[UUID]) -> None:
    for start in range(0, len(rooms), HANDED_ON_AT_ONCE):
        retried(_ensure_owners, rooms[start : start + HANDED_ON_AT_ONCE])


def ensure_owner(room: UUID) -> bool:
    """Gives a room an owner if none of its owners can act. Returns whether it did."""
    return not _active_owners(room).exists() and bool(_ensure_owners([room]))


@transaction.atomic
def _ensure_owners(rooms: Collection[UUID]) -> list[UUID]:
    """Gives these rooms owners where they have none who could act; returns those that got one."""
    # Before it is asked who owns them: of two owners who are suspended at once, the later one
    # sees that nobody is left.
    _lock_rooms(rooms)
    found = _find_owners(rooms)
    members_changed(*found)
    return found


def appoint(membership: Membership) -> None:
    """Makes a member an owner, in addition to the room's owners."""
    with transaction.atomic():
        Membership.objects.filter(pk=membership.pk).update(role=Role.OWNER.value)
        members_changed(membership.room_id)


def members_changed(*rooms: UUID, **fields: Any) -> None:
    """Makes all readers of these rooms reload them, with new values of these fields."""
    if rooms:
        changed = Room.objects.filter(pk__in=rooms)
        changed.update(members_version=F("members_version") + 1, **fields)
    for room in rooms:
        broadcast.room_changed_on_commit(room)


def present(room: Room, people: Collection[User]) -> set[UUID]:
    """Returns which of these people are in the room."""
    rows = Membership.objects.filter(room=room, user__in=[person.pk for person in people])
    return set(rows.values_list("user_id", flat=True))


def heirs(rooms: Collection[UUID], *, leaving: Membership | None = None) -> dict[UUID, UUID]:
    """Of each room that has no owner who could act once this one has left, the membership of the
    member who is to be it: who has been there longest, and moderators before others."""
    members = Membership.objects.filter(room=OuterRef("pk"), user__is_active=True)
    if leaving is not None:
        members = members.exclude(pk=leaving.pk)
    # Role by role, each a seek in an index: a room may have ten thousand members.
    owner, moderator, member = (
        Subquery(members.filter(role=role).order_by("joined_at", "pk").values("pk")[:1])
        for role in (Role.OWNER, Role.MODERATOR, Role.MEMBER)
    )
    shared = Room.objects.filter(pk__in=rooms).exclude(kind=RoomKind.DIRECT)
    rows = shared.annotate(owner=owner, moderator=moderator, member=member)
    return {
        room: moderator or member
        for room, owner, moderator, member in rows.values_list("pk", "owner", "moderator", "member")
        if owner is None and (moderator or member)
    }


def is_last_owner(membership: Membership) -> bool:
    """Returns whether the room would have no active owner without them."""
    if membership.role != Role.OWNER:
        return False
    return not _active_owners(membership.room_id).exclude(pk=membership.pk).exists()


def lock_room(room: UUID) -> None:
    """Locks the room's owners until the transaction ends.

    Messages do not wait for it. MongoDB has no such locks.
    """
    _lock_rooms([room])


def _lock_rooms(rooms: Collection[UUID]) -> None:
    # Always in the same order, so that two never wait for each other.
    rows = Room.objects.select_for_update(no_key=True).filter(pk__in=rooms)
    list(rows.order_by("pk").values_list("pk"))


def _store(room: Room, people: Collection[User], role: Role) -> bool:
    """Stores memberships and returns whether any of these people are new."""
    there = present(room, people)
    new = _not_erased([person for person in people if person.pk not in there])
    if not new:
        return False
    # Someone who comes in has nothing unread: what was said before was not said to them.
    number = room_log.heads([room.pk])[room.pk].number
    # A person who comes back finds the room starred as before.
    favorites = personal.favorites_among([each.pk for each in new], room.pk)
    admitted = _stored(
        [
            Membership(
                room=room,
                user=each,
                role=role.value,
                read_number=number,
                favorite=each.pk in favorites or None,
            )
            for each in new
        ]
    )
    broadcast.rooms_changed_on_commit(*(each.user_id for each in admitted))
    if admitted:
        _find_owners([room.pk])
    return bool(admitted)


def _stored(new: Sequence[Membership]) -> list[Membership]:
    """Stores memberships, and returns those that did not exist before."""
    try:
        with transaction.atomic():
            Membership.objects.bulk_create(new)
    except IntegrityError:
        # Someone else adds one of them at this moment. Without transactions some are stored.
        ids = [each.pk for each in new]
        stored = set(Membership.objects.filter(pk__in=ids).values_list("pk", flat=True))
        return [each for each in new if each.pk in stored or _is_stored(each)]
    return list(new)


def _not_erased(people: Sequence[User]) -> Sequence[User]:
    """Those of these people who have not been erased since they were named."""
    if not people:
        return people
    there = set(_remaining([each.pk for each in people]).values_list("pk", flat=True))
    return [each for each in people if each.pk in there]


def _remaining(users: Collection[UUID]) -> QuerySet[User]:
    return User.objects.filter(pk__in=users, erased_at=None)


def _is_stored(membership: Membership) -> bool:
    try:
        with transaction.atomic():
            membership.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _end_requests(room: Room, people: Collection[User]) -> bool:
    """Ends requests and returns whether there were any of these people to the room."""
    rows = RoomRequest.objects.filter(room=room, user__in=people)
    if not (asked := set(rows.values_list("user_id", flat=True))):
        return False
    rows.delete()
    for user in asked:
        broadcast.relations_changed_on_commit(user)
    return True


def _active_owners(room: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(room_id=room, role=Role.OWNER, user__is_active=True)


def _find_owners(rooms: Collection[UUID], *, leaving: Membership | None = None) -> list[UUID]:
    """Makes the heirs of these rooms their owners; returns the rooms that got one."""
    found = heirs(rooms, leaving=leaving)
    Membership.objects.filter(pk__in=found.values()).update(role=Role.OWNER.value)
    return list(found)
