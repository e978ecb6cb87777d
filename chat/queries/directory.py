"""Searches rooms and people by parts of their names."""

from collections.abc import Collection, Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from chat import permissions, protocol, serializers
from chat.models import Membership, Room
from chat.queries import room_log
from chat.queries.room_members import member_counts
from chat.queries.room_views import seen
from chat.queries.unread import unasked_in
from chat.rendering.mentions import SIGNS
from mediachat.folding import Named, beginning, containing, words_of

FOUND_LIMIT = 20
"""The most rooms or people in one page of what a search finds."""


def find_rooms(
    user: User, query: str, *, after: UUID | None = None
) -> tuple[list[protocol.Room], bool]:
    """Returns a page of the open public rooms whose names contain each word of the query, including
    the caller's own, and whether there are more. ``after`` is the last room of the previous page.

    Raises:
        ChatError: ``not_found`` (there is no such public room).
    """
    public = Room.objects.filter(kind=Room.Kind.PUBLIC)
    rows = public.filter(closed_at=None).order_by("name_folded", "pk")
    following = Q()
    if after is not None:
        last = public.filter(pk=after).values_list("name_folded", flat=True)
        if not last:
            raise permissions.not_found()
        following = Q(name_folded__gt=last[0]) | Q(name_folded=last[0], pk__gt=after)
    page, more = _best_first(
        rows, query, ["name_folded"], last=Q(pk=after) if after else None, following=following
    )
    found = {room.pk: room for room in page}
    mine = {row.room_id: row for row in Membership.objects.filter(user=user, room__in=found)}
    counts = member_counts(found)
    heads_by_room = room_log.heads(found)
    unasked = unasked_in(mine.values())
    return [
        seen(
            room,
            mine.get(room.pk),
            heads_by_room[room.pk].as_pair(),
            None,
            counts.get(room.pk, 0),
            unasked,
        )
        for room in page
    ], more


def find_people(query: str, *, after: str = "") -> tuple[list[protocol.Person], bool]:
    """Returns a page of the active people whose username or display name contains each word of the
    query, and whether there are more. ``after`` is the last username of the previous page. Names
    may be written as mentions.
    """
    page, more = _best_first(
        User.objects.filter(is_active=True).order_by("username"),
        " ".join(word.lstrip(SIGNS) for word in query.split()),
        ["username_folded", "display_name_folded"],
        last=Q(username=after) if after else None,
        following=Q(username__gt=after),
    )
    return [serializers.person(user) for user in page], more


def people(usernames: Collection[str]) -> list[protocol.Person]:
    """Returns people by username, including suspended ones, whose messages still exist."""
    return [serializers.person(user) for user in User.objects.filter(username__in=usernames)]


R = TypeVar("R", bound=Named)


def _best_first(
    rows: QuerySet[R], query: str, names: Sequence[str], *, last: Q | None, following: Q
) -> tuple[list[R], bool]:
    """Returns a page of these rows: first those in which each word of the query begins a word of
    their names, then those that contain it elsewhere. The page starts after the row ``last``, whose
    ``following`` rows come after it.
    """
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
