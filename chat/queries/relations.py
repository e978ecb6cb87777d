"""Reads relations between people: blocks, shared rooms and strangers' requests. The number of
queries never depends on the number of people.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from chat import protocol, serializers
from chat.models import Block, Membership, RoomRequest
from chat.protocol import ChatError, ErrorCode

REFUSED_FOR = timedelta(days=30)
"""For how long someone who refused a request is not asked again: by the same person, or into the
same room by anybody."""


@dataclass(frozen=True, slots=True)
class Relations:
    """One person's relations with others, by username."""

    blocked: frozenset[str] = frozenset()
    """Those whom they have blocked."""
    apart: frozenset[str] = frozenset()
    """Those, and whoever has blocked them: neither sees whether the other is here."""
    requests: tuple[protocol.RoomRequest, ...] = ()
    """The rooms into which strangers ask them, the oldest first."""


class KnownRelations(dict[UUID, Relations]):
    """The relations of the people connected to one process, and who is hidden from whom."""

    def __init__(self) -> None:
        super().__init__()
        self._by_name: dict[str, set[UUID]] = {}

    def put(self, user: UUID, relations: Relations) -> None:
        """Stores a person's current relations."""
        self.drop(user)
        self[user] = relations
        for name in relations.apart:
            self._by_name.setdefault(name, set()).add(user)

    def drop(self, user: UUID) -> None:
        """Forgets a person who has disconnected."""
        for name in self.pop(user, Relations()).apart:
            self._by_name[name].discard(user)
            if not self._by_name[name]:
                del self._by_name[name]

    def apart_from(self, name: str) -> Collection[UUID]:
        """Returns the people here who must not see the presence of the person with this name."""
        return self._by_name.get(name, ())


def relations_of(users: Collection[UUID]) -> dict[UUID, Relations]:
    """Returns the relations of each of these people."""
    rows = _pairs(Q(blocker__in=users), Q(blocked__in=users))
    names = serializers.usernames({id for pair in rows for id in pair})
    blocked: dict[UUID, set[str]] = {user: set() for user in users}
    apart: dict[UUID, set[str]] = {user: set() for user in users}
    for blocker, refused in rows:
        if blocker in apart:
            blocked[blocker].add(names[refused])
            apart[blocker].add(names[refused])
        if refused in apart:
            apart[refused].add(names[blocker])
    requests = _requests_of(users)
    return {
        user: Relations(frozenset(blocked[user]), frozenset(apart[user]), tuple(requests[user]))
        for user in users
    }


def _requests_of(users: Collection[UUID]) -> dict[UUID, list[protocol.RoomRequest]]:
    rows = list(
        RoomRequest.objects.filter(user__in=users, refused_at=None, withdrawn_at=None)
        .order_by("created_at", "pk")
        .values_list("user_id", "room_id", "room__kind", "room__name", "asker_id", "created_at")
    )
    names = serializers.usernames({asker for _, _, _, _, asker, _ in rows})
    found: dict[UUID, list[protocol.RoomRequest]] = {user: [] for user in users}
    for user, room, kind, name, asker, at in rows:
        request = protocol.RoomRequest(room=room, kind=kind, name=name, by=names[asker], at=at)
        found[user].append(request)
    return found


def shown_to_room() -> Q:
    """Filters requests that their rooms may see: a refused one for as long as a waiting one."""
    since = timezone.now() - REFUSED_FOR
    return Q(withdrawn_at=None) & (Q(refused_at=None) | Q(refused_at__gt=since))


def asked_into(rooms: Collection[UUID]) -> dict[UUID, list[str]]:
    """Returns who has been asked into these rooms and has not accepted. Includes those who refused
    for as long as they cannot be asked again, so that nobody can infer the refusal.
    """
    rows = list(
        RoomRequest.objects.filter(shown_to_room(), room__in=rooms)
        .order_by("created_at", "pk")
        .values_list("room_id", "user_id")
    )
    names = serializers.usernames({user for _, user in rows})
    found: dict[UUID, list[str]] = {room: [] for room in rooms}
    for room, user in rows:
        found[room].append(names[user])
    return found


def strangers_to(user: User, others: Collection[UUID]) -> set[UUID]:
    """Returns which of these people share no room with this person."""
    mine = list(Membership.objects.filter(user=user).values_list("room_id", flat=True))
    shared = Membership.objects.filter(user__in=others, room__in=mine)
    return set(others) - set(shared.values_list("user_id", flat=True)) - {user.pk}


def cannot_add(username: str) -> ChatError:
    """Returns the same error whichever of two people has blocked the other."""
    return ChatError(ErrorCode.FORBIDDEN, f"You cannot add @{username}. Leave them out.")


def apart_from(user: User, others: Collection[UUID]) -> set[UUID]:
    """Returns which of these people have blocked this person, or are blocked by them."""
    rows = _pairs(Q(blocker=user, blocked__in=others), Q(blocked=user, blocker__in=others))
    return {id for pair in rows for id in pair} - {user.pk}


def _pairs(*which: Q) -> set[tuple[UUID, UUID]]:
    """Returns pairs of blocks for each of these conditions: one query each, as each has
    its index.
    """
    return {
        pair
        for each in which
        for pair in Block.objects.filter(each).values_list("blocker_id", "blocked_id")
    }
