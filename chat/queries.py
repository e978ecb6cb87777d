"""Reads of rooms and people, each in a bounded number of queries whatever the number of rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet, Sum

from accounts.models import User
from chat import access, message_queries, payloads, protocol, relations
from chat.mentions import SIGNS
from chat.models import Membership, Message, Room
from chat.models.rooms import pair_of
from chat.unread import unasked_in, with_unasked
from mediachat.folding import Named, beginning, containing, words_of

FOUND_LIMIT = 20
"""The most rooms or people in one page of what a search finds."""


# -- Rooms -----------------------------------------------------------------------------------


@dataclass(slots=True)
class RoomView:
    """A room as one person sees it, and the version of its membership that this rests on."""

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
        """The room where its log stands at these."""
        room = self.room
        # What was put away at a number had it: the log may have been read before.
        room.position, room.number = position, max(number, self.put_away or 0)
        room.unread = max(0, room.number - room.read - self.unasked)
        room.put_away = self.put_away is not None and self.put_away >= number
        return room


def rooms_of(user: User) -> list[RoomView]:
    """The rooms that someone is in, with the heads of their logs."""
    views, _ = rooms_of_each([user.pk])[user.pk]
    found = message_queries.heads([view.room.id for view in views])
    members = rosters([view.room.id for view in views])
    for view in views:
        room = view.room
        room.members, room.member_count = members[room.id].members, members[room.id].count
        if head := found.get(view.room.id):
            view.at(*head.as_pair())
    return views


def rooms_of_each(
    users: Collection[UUID], *, among: Collection[UUID] | None = None
) -> dict[UUID, tuple[list[RoomView], "Digest"]]:
    """The rooms of many people, or those among some, with the digest of them, and without asking
    any log or for any members: ``position``, ``number`` and ``member_count`` are 0."""
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
            "room__waiting",
            "joined_at",
            "unasked",
        )
    )
    waiting = {row[3] for row in rows if row[11]}
    named = {row[3] for row in rows if row[4] != Room.Kind.PUBLIC}
    asked = _asked(named if settings.STRANGERS_ASK else waiting)
    views: dict[UUID, list[RoomView]] = {user: [] for user in users}
    latest: dict[UUID, datetime] = {}
    for row in rows:
        user, role, read, id, kind, name, closed_at, version, first, second, away, _, at = row[:13]
        room = payloads.room(
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
            asked=asked.get(id, ()),
        )
        views[user].append(RoomView(room, version, away, bool(first or second), row[13]))
        latest[user] = max(at, latest.get(user, at))
    return {user: (found, (len(found), latest.get(user))) for user, found in views.items()}


def views_of(pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], RoomView | None]:
    """Of each (user, room), how they see it: the same as ``rooms_of_each`` of single rooms."""
    users, among = {user for user, _ in pairs}, {room for _, room in pairs}
    found = {
        (user, view.room.id): view
        for user, (views, _) in rooms_of_each(users, among=among).items()
        for view in views
    }
    return {pair: found.get(pair) for pair in pairs}


def room_view(user: User, room_id: UUID) -> protocol.Room:
    """One room as this person sees it, a member or, in a public room, not.

    Raises:
        ChatError: ``not_found``.
    """
    grant = access.room_for(user, room_id, access.Permission.READ)
    return seen_by_all(grant.room, {user.pk: grant.membership})[user.pk]


def seen_by_all(
    room: Room, memberships: dict[UUID, Membership | None]
) -> dict[UUID, protocol.Room]:
    """One room as each of these people sees it, by their ids."""
    head = _head(room.pk)
    if room.kind == Room.Kind.PUBLIC:
        members, count = None, _member_counts([room.pk]).get(room.pk, 0)
        asked: list[str] = []
    else:
        members = _members_of(room)
        count = len(members)
        is_asked = settings.STRANGERS_ASK or room.waiting
        asked = relations.asked_into([room.pk])[room.pk] if is_asked else []
    unasked = unasked_in(memberships.values())
    return {
        user: _seen(room, membership, head, members, count, unasked, asked)
        for user, membership in memberships.items()
    }


@dataclass(slots=True)
class RosterRead:
    """Who is in a room, as of this version of its membership or a little later."""

    members: list[str] | None
    """Usernames in the order of joining; None in a public room."""
    count: int
    version: int
    writers: dict[UUID, str]
    """The usernames of those who have written in it, by id; nobody in a public room."""


def rosters(rooms: Collection[UUID]) -> dict[UUID, RosterRead]:
    """The members of many rooms."""
    # The version is read first, so that what is read after it is no older.
    columns = ("pk", "kind", "members_version", "direct_key", "waiting")
    read: dict[UUID, RosterRead] = {}
    pairs: list[tuple[UUID, UUID]] = []
    for id, kind, version, key, waiting in Room.objects.filter(pk__in=rooms).values_list(*columns):
        read[id] = RosterRead(None if kind == Room.Kind.PUBLIC else [], 0, version, {})
        pairs += ((id, user) for user in _pair(key, waiting))
    for room, count in _member_counts([id for id in read if read[id].members is None]).items():
        read[room].count = count
    named = [id for id in read if read[id].members is not None]
    members = Membership.objects.filter(room_id__in=named).order_by("joined_at")
    rows = list(members.values_list("room_id", "user_id", "has_written")) if named else []
    there = {(room, user) for room, user, _ in rows}
    rows += ((room, user, None) for room, user in pairs if (room, user) not in there)
    names = payloads.usernames(user for _, user, _ in rows)
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


def find_rooms(
    user: User, query: str, *, after: UUID | None = None
) -> tuple[list[protocol.Room], bool]:
    """A page of the open public rooms that have each word of the query in their names, the
    caller's own among them, and whether there are more. ``after`` is the last room of the page
    before.

    Raises:
        ChatError: ``not_found`` (there is no such public room).
    """
    public = Room.objects.filter(kind=Room.Kind.PUBLIC)
    rows = public.filter(closed_at=None).order_by("name_folded", "pk")
    following = Q()
    if after is not None:
        last = public.filter(pk=after).values_list("name_folded", flat=True)
        if not last:
            raise access.not_found()
        following = Q(name_folded__gt=last[0]) | Q(name_folded=last[0], pk__gt=after)
    page, more = _best_first(
        rows, query, ["name_folded"], last=Q(pk=after) if after else None, following=following
    )
    found = {room.pk: room for room in page}
    mine = {row.room_id: row for row in Membership.objects.filter(user=user, room__in=found)}
    counts = _member_counts(found)
    heads_by_room = message_queries.heads(found)
    unasked = unasked_in(mine.values())
    return [
        _seen(
            room,
            mine.get(room.pk),
            heads_by_room[room.pk].as_pair(),
            None,
            counts.get(room.pk, 0),
            unasked,
        )
        for room in page
    ], more


def members(
    user: User, room_id: UUID, *, after: str, limit: int
) -> tuple[list[protocol.Member], bool]:
    """A page of a room's members by username, and whether there are more.

    Raises:
        ChatError: ``not_found``.
    """
    room = access.room_for(user, room_id, access.Permission.READ).room
    memberships = Membership.objects.filter(room_id=room_id, user__username__gt=after)
    rows = list(memberships.select_related("user").order_by("user__username")[: limit + 1])
    if pair := _pair(room.direct_key, room.waiting):
        rows += _to_come(room_id, pair, after)
        rows.sort(key=lambda row: row.user.username)
    return payloads.members(rows[:limit]), len(rows) > limit


def _to_come(room: UUID, pair: Collection[UUID], after: str) -> list[Membership]:
    """Who of the two people of a direct room is not in it yet, as the member whom they will be."""
    there = set(Membership.objects.filter(room_id=room).values_list("user_id", flat=True))
    people = User.objects.filter(pk__in=set(pair) - there, username__gt=after)
    return [Membership(room_id=room, user=user) for user in people]


def members_named(room: UUID, usernames: Collection[str]) -> list[str]:
    """The usernames among these that belong to members of the room. The caller checks first that
    the asking person may read the room."""
    rows = Membership.objects.filter(room_id=room, user__username__in=usernames)
    found = set(rows.values_list("user__username", flat=True))
    row = Room.objects.filter(pk=room).values_list("direct_key", "waiting").first()
    if row and (pair := _pair(*row)):
        found.update(set(payloads.usernames(pair).values()) & set(usernames))
    return sorted(found)


# -- Who is in rooms, for hubs ---------------------------------------------------------------


def members_among(room: UUID, users: Collection[UUID]) -> set[UUID]:
    """Which of these people may read this room as its members now."""
    rows = Membership.objects.filter(room_id=room, user_id__in=users, user__is_active=True)
    return set(rows.values_list("user_id", flat=True))


def seen_among(room: UUID, users: Collection[UUID]) -> tuple[int, dict[UUID, protocol.Room]]:
    """The version of a room's membership, and the room as its members among these see it."""
    row = Room.objects.filter(pk=room).first()
    if row is None:
        return 0, {}
    memberships = Membership.objects.filter(room=row, user_id__in=users, user__is_active=True)
    return row.members_version, seen_by_all(row, {each.user_id: each for each in memberships})


def members_version(room: UUID) -> int:
    """The version of a room's membership; 0 where there is no such room."""
    row = Room.objects.filter(pk=room).values_list("members_version", flat=True).first()
    return row or 0


def members_versions(rooms: Collection[UUID]) -> dict[UUID, int]:
    """The same of many rooms at once."""
    found = dict(Room.objects.filter(pk__in=rooms).values_list("pk", "members_version"))
    return {room: found.get(room, 0) for room in rooms}


Digest = tuple[int, datetime | None]
"""How many rooms someone is in, and when they joined the last: it differs when they differ."""


def memberships_of(users: Collection[UUID]) -> dict[UUID, tuple[list[UUID], Digest]]:
    """The rooms that each of these people is in, and the digest of that."""
    joined: dict[UUID, dict[UUID, datetime]] = {user: {} for user in users}
    rows = Membership.objects.filter(user_id__in=users)
    for user, room, at in rows.values_list("user_id", "room_id", "joined_at"):
        joined[user][room] = at
    return {
        user: (list(rooms), (len(rooms), max(rooms.values(), default=None)))
        for user, rooms in joined.items()
    }


def membership_digests(users: Collection[UUID]) -> dict[UUID, tuple[Digest, int]]:
    """The digests of many people in one query, and the sum of all that they have read."""
    rows = (
        Membership.objects.filter(user_id__in=users)
        .values_list("user_id")
        .annotate(rooms=Count("pk"), latest=Max("joined_at"), reads=Sum("read_number"))
    )
    return {user: ((rooms, latest), reads) for user, rooms, latest, reads in rows}


def read_numbers(users: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    """How far each of these people has read in each of their rooms."""
    found: dict[UUID, dict[UUID, int]] = {user: {} for user in users}
    rows = Membership.objects.filter(user_id__in=users)
    for user, room, number in rows.values_list("user_id", "room_id", "read_number"):
        found[user][room] = number
    return found


def suspended_among(users: Collection[UUID]) -> set[UUID]:
    """Which of these people are suspended, or no longer exist."""
    active = User.objects.filter(pk__in=users, is_active=True).values_list("pk", flat=True)
    return set(users) - set(active)


# -- People ----------------------------------------------------------------------------------


def find_people(query: str, *, after: str = "") -> tuple[list[protocol.Person], bool]:
    """A page of the active people who have each word of the query in their username or display
    name, and whether there are more. ``after`` is the last username of the page before. Names may
    be written as they are mentioned."""
    page, more = _best_first(
        User.objects.filter(is_active=True).order_by("username"),
        " ".join(word.lstrip(SIGNS) for word in query.split()),
        ["username_folded", "display_name_folded"],
        last=Q(username=after) if after else None,
        following=Q(username__gt=after),
    )
    return [payloads.person(user) for user in page], more


def people(usernames: Collection[str]) -> list[protocol.Person]:
    """People by username, suspended ones too: their messages are still there."""
    return [payloads.person(user) for user in User.objects.filter(username__in=usernames)]


# -- Parts -----------------------------------------------------------------------------------

R = TypeVar("R", bound=Named)


def _best_first(
    rows: QuerySet[R], query: str, names: Sequence[str], *, last: Q | None, following: Q
) -> tuple[list[R], bool]:
    """A page of these rows: first those in which each word of the query begins a word of their
    names, then those that have it in the middle of one. The page goes on from the row that is
    ``last``, whose ``following`` rows come after it."""
    words = words_of(query)
    if not words and query.strip():
        return [], False  # accents alone
    begun = rows.filter(beginning(words, *names))
    parts = [begun]
    if words:
        parts.append(rows.filter(containing(words, *names)).exclude(beginning(words, *names)))
    if last is not None:
        parts = parts if begun.filter(last).exists() else parts[1:]
        parts[:1] = [part.filter(following) for part in parts[:1]]
    page: list[R] = []
    for part in parts:
        page += part[: FOUND_LIMIT + 1 - len(page)]
        if len(page) > FOUND_LIMIT:
            break
    return page[:FOUND_LIMIT], len(page) > FOUND_LIMIT


def _head(room: UUID) -> tuple[int, int]:
    head = Message.objects.filter(room_id=room).aggregate(p=Max("position"), n=Max("number"))
    return head["p"] or 0, head["n"] or 0


def _seen(
    row: Room,
    membership: Membership | None,
    head: tuple[int, int],
    members: list[str] | None,
    member_count: int,
    unasked: Mapping[UUID, int],
    asked: Sequence[str] = (),
) -> protocol.Room:
    """A room as someone sees it, a member or not."""
    read = membership.read_number if membership else head[1]
    return payloads.room(
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
        asked=asked,
    )


def _members_of(room: Room) -> list[str]:
    """Usernames in the order of joining."""
    rows = Membership.objects.filter(room=room).order_by("joined_at")
    # Who is in twice stays where they came first.
    users = dict.fromkeys(rows.values_list("user_id", flat=True))
    users |= dict.fromkeys(_pair(room.direct_key, room.waiting))
    names = payloads.usernames(users)
    return [name for user in users if (name := names.get(user)) is not None]


def _pair(direct_key: str | None, waiting: bool | None) -> Sequence[UUID]:
    """The two people of a direct room, whom it shows as its members even before its first message
    makes the second one a member. Nobody where one is asked and has not accepted."""
    return () if waiting else pair_of(direct_key)


def _asked(rooms: Collection[UUID]) -> dict[UUID, list[str]]:
    return relations.asked_into(rooms) if rooms else {}


def _member_counts(rooms: Collection[UUID]) -> dict[UUID, int]:
    if not rooms:
        return {}
    rows = Membership.objects.filter(room_id__in=rooms).values_list("room_id")
    return dict(rows.annotate(members=Count("pk")))
