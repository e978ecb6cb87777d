"""Reads members of rooms, in a number of queries that does not depend on that of the rooms."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from accounts.models import User
from chat import permissions, protocol, serializers
from chat.models import Membership, Room
from chat.models.rooms import pair_of


@dataclass(slots=True)
class RosterRead:
    """The members of a room, as of this version of its membership or slightly later."""

    members: list[str] | None
    """Usernames in the order of joining; None in a public room."""
    count: int
    version: int
    writers: dict[UUID, str]
    """The usernames of those who have written in it, by id; nobody in a public room."""


def rosters(rooms: Collection[UUID]) -> dict[UUID, RosterRead]:
    """Returns the members of many rooms."""
    # The version is read first, so that what is read after it is no older.
    columns = ("pk", "kind", "members_version", "direct_key", "waiting")
    read: dict[UUID, RosterRead] = {}
    pairs: list[tuple[UUID, UUID]] = []
    for id, kind, version, key, waiting in Room.objects.filter(pk__in=rooms).values_list(*columns):
        read[id] = RosterRead(None if kind == Room.Kind.PUBLIC else [], 0, version, {})
        pairs += ((id, user) for user in people_of_pair(key, waiting))
    for room, count in member_counts([id for id in read if read[id].members is None]).items():
        read[room].count = count
    named = [id for id in read if read[id].members is not None]
    members = Membership.objects.filter(room_id__in=named).order_by("joined_at")
    rows = list(members.values_list("room_id", "user_id", "has_written")) if named else []
    there = {(room, user) for room, user, _ in rows}
    rows += ((room, user, None) for room, user in pairs if (room, user) not in there)
    names = serializers.usernames(user for _, user, _ in rows)
    for room, user, has_written in rows:
        if (name := names.get(user)) is None:
            continue  # deleted before they came into a direct room
        roster = read[room]
        if roster.members is not None:
            roster.members.append(name)
        roster.count += 1
        if has_written:
            roster.writers[user] = name
    return {room: read.get(room) or RosterRead(None, 0, 0, {}) for room in rooms}


def members(
    user: User, room_id: UUID, *, after: str, limit: int
) -> tuple[list[protocol.Member], bool]:
    """Returns a page of a room's members by username, and whether there are more.

    Raises:
        ChatError: ``not_found``.
    """
    room = permissions.room_for(user, room_id, permissions.Permission.READ).room
    memberships = Membership.objects.filter(room_id=room_id, user__username__gt=after)
    rows = list(memberships.select_related("user").order_by("user__username")[: limit + 1])
    if pair := people_of_pair(room.direct_key, room.waiting):
        rows += _to_come(room_id, pair, after)
        rows.sort(key=lambda row: row.user.username)
    return serializers.members(rows[:limit]), len(rows) > limit


def _to_come(room: UUID, pair: Collection[UUID], after: str) -> list[Membership]:
    """Returns the person of a direct room who is not in it yet, as the member they will be."""
    there = set(Membership.objects.filter(room_id=room).values_list("user_id", flat=True))
    people = User.objects.filter(pk__in=set(pair) - there, username__gt=after)
    return [Membership(room_id=room, user=user) for user in people]


def members_named(room: UUID, usernames: Collection[str]) -> list[str]:
    """Returns which of these usernames belong to members of the room. The caller checks first that
    the requesting person may read the room.
    """
    rows = Membership.objects.filter(room_id=room, user__username__in=usernames)
    found = set(rows.values_list("user__username", flat=True))
    row = Room.objects.filter(pk=room).values_list("direct_key", "waiting").first()
    if row and (pair := people_of_pair(*row)):
        found.update(set(serializers.usernames(pair).values()) & set(usernames))
    return sorted(found)


def members_among(room: UUID, users: Collection[UUID]) -> set[UUID]:
    """Returns which of these people may now read this room as members."""
    rows = Membership.objects.filter(room_id=room, user_id__in=users, user__is_active=True)
    return set(rows.values_list("user_id", flat=True))


def members_version(room: UUID) -> int:
    """Returns the version of a room's membership; 0 if the room does not exist."""
    row = Room.objects.filter(pk=room).values_list("members_version", flat=True).first()
    return row or 0


def members_versions(rooms: Collection[UUID]) -> dict[UUID, int]:
    """Returns the same of many rooms in one query."""
    found = dict(Room.objects.filter(pk__in=rooms).values_list("pk", "members_version"))
    return {room: found.get(room, 0) for room in rooms}


def members_of(room: Room) -> list[str]:
    """Returns usernames in the order of joining."""
    rows = Membership.objects.filter(room=room).order_by("joined_at")
    # Who is in twice stays where they came first.
    users = dict.fromkeys(rows.values_list("user_id", flat=True))
    users |= dict.fromkeys(people_of_pair(room.direct_key, room.waiting))
    names = serializers.usernames(users)
    return [name for user in users if (name := names.get(user)) is not None]


def people_of_pair(direct_key: str | None, waiting: bool | None) -> Sequence[UUID]:
    """Returns the two people of a direct room, whom it shows as members even before its first
    message makes the second one a member. Returns nobody if one was asked and has not accepted.
    """
    return () if waiting else pair_of(direct_key)


def member_counts(rooms: Collection[UUID]) -> dict[UUID, int]:
    if not rooms:
        return {}
    rows = Membership.objects.filter(room_id__in=rooms).values_list("room_id")
    return dict(rows.annotate(members=Count("pk")))
