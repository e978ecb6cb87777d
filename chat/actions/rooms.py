"""All writes to rooms, and the commands to join, leave and add people."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.names.usernames import normalize
from accounts.profile.allowed_names import clean_name
from chat import broadcast, permissions, protocol
from chat.actions import days
from chat.actions.direct_rooms import open_direct_room
from chat.actions.memberships import (
    admit,
    end_membership,
    ensure_owner,
    is_last_owner,
    lock_room,
    members_changed,
    present,
)
from chat.actions.strangers import (
    ask,
    check_asking,
    request_known_to,
    strangers_among,
    tell_asked,
    withdraw,
)
from chat.models import Membership, Room
from chat.permissions import Permission
from chat.protocol import ChatError, ErrorCode, RemovalReason, Role, RoomKind
from chat.queries import relations, room_log


def open_room(
    user: User, *, kind: RoomKind | str, name: str = "", members: Iterable[str] = ()
) -> tuple[Room, bool]:
    """Opens a room and returns whether it is new; two people have only one direct room.

    Raises:
        ChatError: ``not_found`` (no such person), ``bad_request`` (a direct room is for two,
            the others need a name that does not deceive), ``forbidden`` (one of them has blocked
            the other), ``rate_limited`` (so many rooms, people or strangers in a day).
    """
    others = [person for person in people_named(members) if person.pk != user.pk]
    if kind == RoomKind.DIRECT:
        if len(others) != 1:
            raise ChatError(ErrorCode.BAD_REQUEST, "A direct room is with one other person.")
        return open_direct_room(user, others[0])
    name = _room_name(name)
    _refuse_blocked(user, others)
    strangers = strangers_among(user, others)
    check_asking(user, None, strangers)
    room = Room(kind=kind, name=name)
    with days.counted(user, rooms=1, people=len(others)), transaction.atomic():
        ask(user, room, strangers)
        # Its owner first: a process that dies in between leaves no room that nobody owns.
        Membership.objects.create(room=room, user=user, role=Role.OWNER.value)
        room.save(force_insert=True)
        broadcast.rooms_changed_on_commit(user.pk)
        admit(room, [each for each in others if each not in strangers], Role.MEMBER)
        tell_asked(room, strangers)
    return room, True


def join_room(user: User, *, room: UUID) -> Room:
    """Makes a person a member of a public room.

    Raises:
        ChatError: ``not_found``, ``forbidden`` (closed).
    """
    grant = permissions.room_for(user, room, Permission.READ)
    if grant.room.closed_at:
        raise ChatError(ErrorCode.FORBIDDEN, "This room has been closed. It can only be read.")
    with transaction.atomic():
        admit(grant.room, [user], Role.MEMBER)
    return grant.room


def leave_room(user: User, *, room: UUID) -> Room:
    """Ends a person's membership. The last owner hands the room on, to the longest-standing
    moderator or else member.

    Two people have one direct room for good, so leaving that one puts it away.

    Raises:
        ChatError: ``not_found``, ``forbidden`` (not a member).
    """
    grant = permissions.room_for(user, room, Permission.READ)
    if grant.membership is None:
        raise ChatError(ErrorCode.FORBIDDEN, "You are not a member of this room.")
    if grant.room.kind == RoomKind.DIRECT:
        _put_away(grant.membership, on=True)
        return grant.room
    end_membership(grant.room, grant.membership, RemovalReason.LEFT)
    return grant.room


def put_away_room(user: User, *, room: UUID, on: bool) -> None:
    """Hides a direct room from a person's list until its next message, or shows it again.

    Raises:
        ChatError: ``not_found``, ``forbidden`` (not a direct room).
    """
    grant = permissions.room_for(user, room, Permission.READ)
    if grant.room.kind != RoomKind.DIRECT or grant.membership is None:
        raise ChatError(
            ErrorCode.FORBIDDEN, "Only a direct room can be put away. Leave this one instead."
        )
    _put_away(grant.membership, on=on)


def rename_room(user: User, *, room: UUID, name: str) -> Room:
    """Renames a room.

    Raises:
        ChatError: ``not_found``, ``forbidden``, ``bad_request`` (no name, or one
            that deceives).
    """
    grant = _managed(user, room, Permission.MODERATE)
    _refuse_direct(grant.room)
    name = _room_name(name)
    members_changed(room, name=name)
    grant.room.name = name
    return grant.room


def add_members(user: User, *, room: UUID, members: Iterable[str]) -> Room:
    """Adds people by username; existing members keep their role.

    Raises:
        ChatError: ``not_found`` (the room, or a person), ``forbidden`` (also where one of them
            has blocked the other), ``rate_limited`` (so many people in a day).
    """
    grant = _managed(user, room, Permission.MODERATE)
    _refuse_direct(grant.room)
    people = people_named(members)
    _refuse_blocked(user, people)
    strangers = strangers_among(user, people)
    asked = check_asking(user, grant.room, strangers)
    new = len(people) - len(present(grant.room, people))
    with days.counted(user, people=new), transaction.atomic():
        ask(user, grant.room, asked)
        admit(grant.room, [each for each in people if each not in strangers], Role.MEMBER)
        tell_asked(grant.room, asked)
    return grant.room


def remove_member(user: User, *, room: UUID, member: str) -> Room:
    """Removes a person, or withdraws a request to them; only owners can remove owners.

    Raises:
        ChatError: ``not_found`` (the room, or anyone of this name who is in it or asked into it),
            ``forbidden``.
    """
    grant = _managed(user, room, Permission.MODERATE)
    _refuse_direct(grant.room)
    request = request_known_to(grant.room, member)
    if request and not present(grant.room, [request.user]):
        withdraw(request)
        return grant.room
    membership = _member(grant.room, member)
    if membership.role == Role.OWNER:
        grant.check(Permission.MANAGE)
    end_membership(grant.room, membership, RemovalReason.REMOVED, remover=user)
    return grant.room


def set_role(user: User, *, room: UUID, member: str, role: Role | str) -> Room:
    """Gives a member another role.

    Raises:
        ChatError: ``not_found``, ``forbidden``, ``conflict`` (the last owner).
    """
    grant = _managed(user, room, Permission.MANAGE)
    membership = _member(grant.room, member)
    with transaction.atomic():
        lock_room(room)
        if role != Role.OWNER and is_last_owner(membership):
            raise ChatError(
                ErrorCode.CONFLICT, "A room needs an owner. Make someone else one first."
            )
        Membership.objects.filter(pk=membership.pk).update(role=str(role))
        members_changed(room)
    return grant.room


def mark_read(user: User, *, room: UUID, number: int) -> None:
    """Moves a person's read mark forward, never back nor past the newest message.

    Raises:
        ChatError: ``not_found``.
    """
    grant = permissions.room_for(user, room, Permission.READ)
    if grant.membership is None:
        return
    newest = room_log.heads([room])[room].number
    number = min(number, newest)
    mine = Membership.objects.filter(pk=grant.membership.pk, read_number__lt=number)
    if mine.update(read_number=number):
        event = protocol.ReadEvent(room=room, user=user.username, number=number)
        moved = number - grant.membership.read_number
        broadcast.reads_on_commit(
            room, grant.room.members_version, {user.pk: event}, {user.pk: moved}
        )


def close_room(*, room: UUID, closed: bool) -> Room:
    """Closes a room to all but reading, or reopens it. The caller, a moderation action, checks the
    permission.

    Raises:
        ChatError: ``not_found``.
    """
    row = _room(room)
    row.closed_at = timezone.now() if closed else None
    members_changed(room, closed_at=row.closed_at)
    return row


def force_remove_member(*, room: UUID, member: str) -> Room:
    """Removes a person from any room. The caller, a moderation action, checks the permission.

    Raises:
        ChatError: ``not_found``.
    """
    row = _room(room)
    end_membership(row, _member(row, member), RemovalReason.REMOVED)
    return row


def people_named(usernames: Iterable[str]) -> list[User]:
    """Returns active people by username, in one query.

    Raises:
        ChatError: ``not_found``, naming the first who is not there.
    """
    wanted = dict.fromkeys(normalize(name) for name in usernames)
    found = {user.username: user for user in User.objects.filter(username__in=wanted)}
    for name in wanted:
        if name not in found or not found[name].is_active:
            raise ChatError(ErrorCode.NOT_FOUND, f"There is no person named {name!r}.")
    return [found[name] for name in wanted]


def _managed(user: User, room: UUID, permission: Permission) -> permissions.Grant:
    """Checks like ``access.room_for``; a room without an active owner gets one first."""
    try:
        return permissions.room_for(user, room, permission)
    except ChatError as refusal:
        if refusal.code is not ErrorCode.FORBIDDEN or not ensure_owner(room):
            raise
    return permissions.room_for(user, room, permission)


def _room(room: UUID) -> Room:
    row = Room.objects.filter(pk=room).first()
    if row is None:
        raise permissions.not_found()
    return row


def _put_away(membership: Membership, *, on: bool) -> None:
    newest = room_log.heads([membership.room_id])[membership.room_id].number
    number = newest if on else None
    Membership.objects.filter(pk=membership.pk).update(put_away_number=number)
    broadcast.room_changed_for_on_commit(membership.room_id, membership.user_id)


def _refuse_blocked(user: User, people: Iterable[User]) -> None:
    """Refuses to add a person in the same words whichever of the two has blocked the other."""
    names = {person.pk: person.username for person in people}
    if apart := relations.apart_from(user, names):
        name = next(names[id] for id in names if id in apart)
        raise relations.cannot_add(name)


def _room_name(name: str) -> str:
    try:
        name = clean_name(name)
    except ValidationError as error:
        raise ChatError(ErrorCode.BAD_REQUEST, error.messages[0]) from error
    if not name:
        raise ChatError(ErrorCode.BAD_REQUEST, "Give the room a name.")
    return name


def _member(room: Room, username: str) -> Membership:
    membership = Membership.objects.filter(room=room, user__username=normalize(username)).first()
    if membership is None:
        raise ChatError(ErrorCode.NOT_FOUND, "This person is not in the room.")
    return membership


def _refuse_direct(room: Room) -> None:
    if room.kind == RoomKind.DIRECT:
        raise ChatError(ErrorCode.FORBIDDEN, "A direct room is for its two people. Open another.")
