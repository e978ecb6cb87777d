"""Erases an erased person's data beside their account (``accounts.erasure``): memberships, files,
and their name in messages.

Each step can be repeated: if a process dies, another continues (``chat.realtime.erasure_worker``).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.erasure import username_of
from accounts.models import Erasure, User
from chat import broadcast
from chat.actions.attachments import delete_attachments
from chat.actions.batches import Change, store
from chat.actions.memberships import end_membership, members_changed
from chat.actions.messages import change_message, shared_html, taken_back
from chat.models import (
    Attachment,
    Block,
    Membership,
    Message,
    PersonalChange,
    Report,
    Revision,
    Room,
    RoomRequest,
)
from chat.protocol import RemovalReason, RoomKind
from chat.rendering import mentions, text

M = TypeVar("M", Revision, Report, Room)

PAGE = 200
"""Messages that are read at once."""
AT_ONCE = 2
"""Messages that are changed in one transaction. Other writers wait until it ends: those to the same
room, and on SQLite all of them."""


@dataclass(frozen=True, slots=True)
class Erased:
    """A person who is being erased."""

    user: UUID
    former: str
    """The username by which things still name them."""
    now: str
    keeps_messages: bool

    @classmethod
    def of(cls, erasure: Erasure) -> "Erased":
        former, now = erasure.former_username, username_of(erasure)
        return cls(erasure.user_id, former, now, erasure.keeps_messages)


def leave_rooms(erased: Erased) -> None:
    """Ends their memberships, and hands on rooms that they alone managed. A direct room stays
    readable for the other person.
    """
    memberships = Membership.objects.filter(user=erased.user).exclude(room__kind=RoomKind.DIRECT)
    for membership in memberships.select_related("room", "user").order_by("room_id"):
        end_membership(membership.room, membership, RemovalReason.LEFT)
    # By the key of the two: of one without a message they may be no member yet.
    direct = Room.objects.filter(kind=RoomKind.DIRECT, direct_key__contains=erased.user.hex)
    for room, closed_at in list(direct.order_by("pk").values_list("pk", "closed_at")):
        members_changed(room, closed_at=closed_at or timezone.now())


def end_relations(erased: Erased) -> None:
    """Deletes their blocks, blocks of them, and requests by them and to them, and notifies the
    others.
    """
    # Each by itself, as each has its index.
    blocks = [Block.objects.filter(**{side: erased.user}) for side in ("blocker", "blocked")]
    requests = [RoomRequest.objects.filter(**{side: erased.user}) for side in ("user", "asker")]
    with transaction.atomic():
        others: set[UUID] = set()
        rooms: set[UUID] = set()
        for rows in blocks:
            for pair in rows.values_list("blocker_id", "blocked_id"):
                others.update(pair)
        for asked in requests:
            for user, room in asked.values_list("user_id", "room_id"):
                others.add(user)
                rooms.add(room)
        for each in (*blocks, *requests):
            each.delete()
        for user in others - {erased.user}:
            broadcast.relations_changed_on_commit(user)
        for room in sorted(rooms):
            members_changed(room)


def delete_files(erased: Erased) -> None:
    """Deletes their files, whether or not a message shows them."""
    files = Attachment.objects.filter(owner=erased.user).order_by("pk")
    while page := list(files[:PAGE]):
        delete_attachments(page)


def delete_own_view(erased: Erased) -> None:
    """Deletes their personal log."""
    PersonalChange.objects.filter(user=erased.user).delete()


def rooms_from(room: UUID | None) -> Iterator[UUID]:
    """Returns this room and those after it, in the order of processing."""
    rooms = Room.objects.order_by("pk").values_list("pk", flat=True)
    page = list(rooms.filter(pk__gte=room or UUID(int=0))[:PAGE])
    while page:
        yield from page
        page = list(rooms.filter(pk__gt=page[-1])[:PAGE])


def erase_page(erased: Erased, room: UUID, after: int) -> int | None:
    """Erases them from the next messages of a room, and returns the number of the last; None where
    there are no more.

    Their own messages, those that name them and those that quote them are changed: so clients that
    have read them read them again.
    """
    began = time.monotonic()
    following = Message.objects.filter(room_id=room, number__gt=after).order_by("number")
    fields = ("pk", "number", "sender_id", "reply_to", "mentions", "reactions", "body", "code")
    rows = list(following.values_list(*fields)[:PAGE])
    if not rows:
        return None
    replied = {reply_to for _, _, _, reply_to, *_ in rows if reply_to}
    own = Message.objects.filter(pk__in=replied, sender=erased.user) if replied else None
    quoted = set(own.values_list("pk", flat=True)) if own is not None else set()
    changes = []
    for pk, _, sender, reply_to, named, reactions, body, code in rows:
        rewriting = _rewriting(erased, body, code, named)
        quotes = reply_to in quoted
        if sender == erased.user or quotes or rewriting or _is_named(erased, named, reactions):
            decide = partial(_decide, erased, rewriting, quotes)
            changes.append(Change(pk, partial(change_message, pk, decide)))
    _give_way(began)
    _store(changes)
    if not erased.keeps_messages:
        deleted = [pk for pk, _, sender, *_ in rows if sender == erased.user]
        Revision.objects.filter(message__in=deleted).delete()
        _settled().filter(message__in=deleted).update(body="")
    return int(rows[-1][1])


def rename_in_copies(erased: Erased) -> None:
    """Replaces their name in the names of rooms, in former texts of messages and in reports, and
    deletes what they wrote into settled reports.
    """
    _rename_rooms(erased)
    _rename(erased, Revision, ["body"])
    _rename(erased, Report, ["body", "reason", "resolution"])
    _settled().filter(reporter=erased.user).update(reason="")


def _settled() -> QuerySet[Report]:
    """Returns reports whose text no decision needs any more."""
    return Report.objects.exclude(settled_at=None)


# -- Messages --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """A body, or its code, that names them, and its replacement, computed before any lock."""

    before: str
    body: str
    code: dict[str, Any] | None
    rendered: text.Rendered
    shared_html: str | None
    """The code's HTML, where that has changed."""


def _rewriting(
    erased: Erased, body: str, code: dict[str, Any] | None, named: Sequence[str]
) -> _Rewriting | None:
    after = _renamed(erased, body, named)
    shared, shared_html = code, None
    if code:
        shared = code | {
            field: _renamed(erased, code[field])
            for field in ("text", "before", "after")
            if code.get(field)
        }
        if shared["text"] != code["text"]:
            shared_html = text.code_block(shared["text"], code["language"])
    if after == body and shared == code:
        return None
    rendered = text.render(after) if after or not code else text.Rendered("")
    return _Rewriting(body, after, shared, rendered, shared_html)


def _renamed(erased: Erased, said: str, named: Sequence[str] = ()) -> str:
    """A text with their new name in place of the former one. Mentions of other people stay, also
    where the other username begins with the former one: those in ``named``, or where the text does
    not mention the erased person for certain, all usernames that exist."""
    longer = mentions.longer_names(said, erased.former)
    others = set(named) & longer
    if longer and erased.former not in named:
        people = User.objects.filter(username__in=longer)
        others.update(people.values_list("username", flat=True))
    return mentions.renamed(said, erased.former, erased.now, others)


def _is_named(erased: Erased, named: Sequence[str], reactions: dict[str, list[str]]) -> bool:
    return erased.former in named or any(erased.former in names for names in reactions.values())


def _decide(
    erased: Erased, rewriting: _Rewriting | None, quotes: bool, row: Message
) -> dict[str, Any] | None:
    """Returns the changes of a message; only its position if just its sender or quote
    is renamed.
    """
    own = row.sender_id == erased.user
    is_left = erased.keeps_messages and (row.body or row.code)
    if own and not row.deleted_at and not is_left:
        return taken_back(row)
    fields: dict[str, Any] = {}
    if own and row.attachments:
        fields["attachments"] = []
    if _is_named(erased, row.mentions, row.reactions):
        fields["mentions"] = [name for name in row.mentions if name != erased.former]
        fields["reactions"] = _reactions(erased, row.reactions)
    if rewriting and rewriting.before != row.body:
        rewriting = _rewriting(erased, row.body, row.code, row.mentions)
    if rewriting:
        rendered = rewriting.rendered.naming(
            [name for name in row.mentions if name != erased.former]
        )
        fields |= {
            "body": rewriting.body,
            "code": rewriting.code,
            "html": rendered.html + (rewriting.shared_html or shared_html(row)),
            "excerpt": rendered.excerpt,
            "mentions": rendered.mentions,
        }
    return fields if fields or own or quotes else None


def _reactions(erased: Erased, reactions: dict[str, list[str]]) -> dict[str, list[str]]:
    """Theirs go with their messages, or stay under their new name."""
    found = {}
    for emoji, names in reactions.items():
        if erased.keeps_messages:
            names = [erased.now if name == erased.former else name for name in names]
        else:
            names = [name for name in names if name != erased.former]
        if names:
            found[emoji] = names
    return found


def _store(changes: Sequence[Change]) -> None:
    for start in range(0, len(changes), AT_ONCE):
        began = time.monotonic()
        for result in store(changes[start : start + AT_ONCE]):
            # One that is gone was in a room that was deleted meanwhile.
            if isinstance(result, Exception) and not isinstance(result, Message.DoesNotExist):
                raise result
        _give_way(began)


def _give_way(began: float) -> None:
    """Pauses to let others go first, for as long as the last step took since then
    (``time.monotonic``).
    """
    time.sleep(time.monotonic() - began)


# -- Copies ----------------------------------------------------------------------------------


def _rename(erased: Erased, model: type[M], fields: Sequence[str]) -> None:
    for row in _pages(model.objects.filter(_has_mention(*fields))):
        said = {field: getattr(row, field) for field in fields}
        renamed = {field: _renamed(erased, each) for field, each in said.items()}
        if renamed != said:
            model.objects.filter(pk=row.pk).update(**renamed)


def _rename_rooms(erased: Erased) -> None:
    length = Room._meta.get_field("name").max_length
    for room in _pages(Room.objects.filter(_has_mention("name"))):
        if (renamed := _renamed(erased, room.name)) != room.name:
            members_changed(room.pk, name=renamed[:length])


def _pages(rows: QuerySet[M]) -> Iterator[M]:
    """These rows by their ids, some at a time."""
    last = UUID(int=0)
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        last = page[-1].pk
        yield from page


def _has_mention(*fields: str) -> Q:
    found = Q()
    for field in fields:
        for sign in mentions.SIGNS:
            found |= Q(**{f"{field}__contains": sign})
    return found
