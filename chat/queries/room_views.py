"""Reads rooms as people see them, in a number of queries that does not depend on that
of the rooms.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from accounts.models import User
from chat import permissions, protocol, serializers
from chat.models import Membership, Message, Room
from chat.queries import relations, room_log
from chat.queries.membership_state import Digest
from chat.queries.room_members import member_counts, members_of, rosters
from chat.queries.unread import unasked_in, with_unasked


@dataclass(slots=True)
class RoomView:
    """A room as one person sees it, and the version of the membership that it is based on."""

    room: protocol.Room
    members_version: int
    put_away: int | None = None
    """The number at which the person took it off their list."""
    blocked: bool = False
    """A direct room in which one of the two has blocked the other."""
    unasked: int = 0
    """Messages after ``room.read`` that ask nobody to read them: the person's own, and those
    that are gone."""

    def at(self, position: int, number: int) -> protocol.Room:
        """Returns the room with its log at these positions."""
        room = self.room
        # What was put away at a number had it: the log may have been read before.
        room.position, room.number = position, max(number, self.put_away or 0)
        room.unread = max(0, room.number - room.read - self.unasked)
        room.put_away = self.put_away is not None and self.put_away >= number
        return room


def rooms_of(user: User) -> list[RoomView]:
    """Returns a person's rooms, with the heads of their logs."""
    views, _ = rooms_of_each([user.pk])[user.pk]
    found = room_log.heads([view.room.id for view in views])
    members = rosters([view.room.id for view in views])
    for view in views:
        room = view.room
        room.members, room.member_count = members[room.id].members, members[room.id].count
        if head := found.get(view.room.id):
            view.at(*head.as_pair())
    return views


def rooms_of_each(
    users: Collection[UUID], *, among: Collection[UUID] | None = None
) -> dict[UUID, tuple[list[RoomView], Digest]]:
    """Returns the rooms of many people, or those among some, with their digest, but without logs or
    members: ``position``, ``number`` and ``member_count`` are 0.
    """
    memberships = Membership.objects.filter(user_id__in=users)
    if among is not None:
        memberships = memberships.filter(room_id__in=among)
    rows = list(
        # Columns and no instances: someone may be in hundreds of rooms.
        with_unasked(memberships).values_list(
            "user_id",
            "role",
            "read_number",
            "room_id",
            "room__kind",
            "room__name",
            "room__closed_at",
            "room__members_version",
            "room__blocked_by_first",
            "room__blocked_by_second",
            "put_away_number",
            "favorite",
            "room__waiting",
            "joined_at",
            "unasked",
        )
    )
    waiting = {row[3] for row in rows if row[12]}
    named = {row[3] for row in rows if row[4] != Room.Kind.PUBLIC}
    asked = _asked(named if settings.STRANGERS_ASK else waiting)
    views: dict[UUID, list[RoomView]] = {user: [] for user in users}
    latest: dict[UUID, datetime] = {}
    for row in rows:
        user, role, read, id, kind, name, closed_at, version, first, second = row[:10]
        away, favorite, _, at, unasked = row[10:]
        room = serializers.room(
            id=id,
            kind=kind,
            name=name,
            closed=closed_at is not None,
            head=(0, 0),
            read=read,
            unread=0,
            role=role,
            members=None,
            member_count=0,
            put_away=away,
            favorite=favorite,
            asked=asked.get(id, ()),
        )
        views[user].append(RoomView(room, version, away, bool(first or second), unasked))
        latest[user] = max(at, latest.get(user, at))
    return {user: (found, (len(found), latest.get(user))) for user, found in views.items()}


def views_of(pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], RoomView | None]:
    """Returns how each (user, room) is seen, as ``rooms_of_each`` does for single rooms."""
    users, among = {user for user, _ in pairs}, {room for _, room in pairs}
    found = {
        (user, view.room.id): view
        for user, (views, _) in rooms_of_each(users, among=among).items()
        for view in views
    }
    return {pair: found.get(pair) for pair in pairs}


def room_view(user: User, room_id: UUID) -> protocol.Room:
    """Returns a room as this person sees it, as a member or, for a public room, as a visitor.

    Raises:
        ChatError: ``not_found``.
    """
    grant = permissions.room_for(user, room_id, permissions.Permission.READ)
    return seen_by_all(grant.room, {user.pk: grant.membership})[user.pk]


def seen_by_all(
    room: Room, memberships: dict[UUID, Membership | None]
) -> dict[UUID, protocol.Room]:
    """Returns one room as each of these people sees it, by their ids."""
    head = _head(room.pk)
    if room.kind == Room.Kind.PUBLIC:
        members, count = None, member_counts([room.pk]).get(room.pk, 0)
        asked: list[str] = []
    else:
        members = members_of(room)
        count = len(members)
        is_asked = settings.STRANGERS_ASK or room.waiting
        asked = relations.asked_into([room.pk])[room.pk] if is_asked else []
    unasked = unasked_in(memberships.values())
    return {
        user: seen(room, membership, head, members, count, unasked, asked)
        for user, membership in memberships.items()
    }


def seen_among(room: UUID, users: Collection[UUID]) -> tuple[int, dict[UUID, protocol.Room]]:
    """Returns the version of a room's membership, and the room as the members among
    these see it.
    """
    row = Room.objects.filter(pk=room).first()
    if row is None:
        return 0, {}
    memberships = Membership.objects.filter(room=row, user_id__in=users, user__is_active=True)
    return row.members_version, seen_by_all(row, {each.user_id: each for each in memberships})


def _head(room: UUID) -> tuple[int, int]:
    head = Message.objects.filter(room_id=room).aggregate(p=Max("position"), n=Max("number"))
    return head["p"] or 0, head["n"] or 0


def seen(
    row: Room,
    membership: Membership | None,
    head: tuple[int, int],
    members: list[str] | None,
    member_count: int,
    unasked: Mapping[UUID, int],
    asked: Sequence[str] = (),
) -> protocol.Room:
    """Returns a room as a person sees it, as a member or not."""
    read = membership.read_number if membership else head[1]
    return serializers.room(
        id=row.pk,
        kind=row.kind,
        name=row.name,
        closed=row.closed_at is not None,
        head=head,
        read=read,
        unread=max(0, head[1] - read - unasked.get(membership.pk, 0)) if membership else 0,
        role=membership.role if membership else None,
        members=members,
        member_count=member_count,
        put_away=membership.put_away_number if membership else None,
        favorite=membership.favorite if membership else None,
        asked=asked,
    )


def _asked(rooms: Collection[UUID]) -> dict[UUID, list[str]]:
    return relations.asked_into(rooms) if rooms else {}
