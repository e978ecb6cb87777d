"""Serialises stored rows as the objects of the protocol."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, cast, get_args
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Left
from pydantic import BaseModel

from accounts.models import User
from chat import protocol
from chat.message_log.entry import LogEntry
from chat.models import Attachment, Membership, Message
from chat.models.messages import CARRIED
from chat.rendering import text

NAMES_LIMIT = 50_000
"""The most usernames that are remembered: some 10 MB, with the longest 20."""

_usernames: dict[UUID, str] = {}
"""What has been asked once need not be asked again: only erasing somebody changes their name, and
``forget`` is told of it."""


def usernames(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Returns usernames by id, from the cache if possible."""
    # A mapping of its own: another thread may forget all of them meanwhile.
    names = {id: _usernames.get(id) for id in ids}
    if missing := [id for id, name in names.items() if name is None]:
        found = dict(User.objects.filter(pk__in=missing).values_list("pk", "username"))
        if len(_usernames) + len(found) > NAMES_LIMIT:
            _usernames.clear()
        _usernames.update(islice(found.items(), NAMES_LIMIT))
        names |= found
    return cast(Mapping[UUID, str], names)


def forget(user: UUID) -> None:
    """Drops a cached username, after its person was renamed."""
    _usernames.pop(user, None)


def messages(rows: Sequence[Message]) -> list[protocol.Message]:
    """Returns messages as clients see them, in the same order: at most two queries for
    all of them.
    """
    quotes = _quotes(rows)
    names = usernames(row.sender_id for row in rows)
    return [_message(row, names[row.sender_id], quotes) for row in rows]


def encode(rows: Sequence[Message]) -> list[str]:
    """Returns the same as JSON."""
    return [message.model_dump_json() for message in messages(rows)]


def log_entries(rows: Sequence[Message]) -> list[LogEntry]:
    """Returns these messages' log entries, in the same order."""
    return [
        LogEntry(row.position, row.number, str(row.pk), encoded)
        for row, encoded in zip(rows, encode(rows), strict=True)
    ]


def _message(row: Message, sender: str, quotes: Mapping[UUID, protocol.Quote]) -> protocol.Message:
    gone = row.is_gone
    fields = {
        "id": row.pk,
        "room": row.room_id,
        "number": row.number,
        "position": row.position,
        "sender": sender,
        "client_id": row.client_id,
        "body": "" if gone else row.body,
        "html": "" if gone else _html(row),
        "created_at": row.created_at,
        "edited_at": row.edited_at,
        "deleted": gone,
        "hidden": row.hidden_at is not None,
        "reply_to": row.reply_to,
        "quote": quotes.get(row.reply_to) if row.reply_to and not gone else None,
        "attachments": [] if gone else [_attachment(summary) for summary in row.attachments],
        "mentions": [] if gone else row.mentions,
        "reactions": {} if gone else row.reactions,
    }
    if not gone:
        for name, shown in _SHOWN:
            fields[name] = shown(row)
    return _BLANK.model_copy(update=fields)


_NOTHING: dict[str, Any] = dict.fromkeys(protocol.Message.model_fields)
_BLANK = protocol.Message.model_construct(set(), **(_NOTHING | CARRIED))
"""What messages are made from. The values come from our own rows, and checking them again would
cost more than encoding them; a copy costs less than ``model_construct``, which looks at every
field."""


def _shown(name: str) -> Callable[[Message], Any]:
    """What reads a field that messages carry from its row."""
    get = attrgetter(name)
    for annotation in get_args(protocol.Message.model_fields[name].annotation):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            construct = annotation.model_construct
            return lambda row: construct(**value) if (value := get(row)) else None
    return get


_SHOWN = [(name, _shown(name)) for name in CARRIED]


def _html(row: Message) -> str:
    """What the row has, or where that was stored before there was a limit and is beyond it, the
    text as it was typed."""
    if len(row.html) <= 2 * text.HTML_LIMIT:
        return row.html
    body = text.as_typed(row.body) if row.body else ""
    return body + (text.code_block(row.code["text"], row.code["language"]) if row.code else "")


def _quotes(rows: Sequence[Message]) -> dict[UUID, protocol.Quote]:
    wanted = {row.reply_to for row in rows if row.reply_to and not row.is_gone}
    if not wanted:
        return {}
    quoted = Message.objects.filter(pk__in=wanted).annotate(beginning=BEGINNING)
    found: list[tuple[Any, ...]] = list(
        quoted.values_list(
            "pk", "number", "sender_id", "excerpt", "beginning", "deleted_at", "hidden_at"
        )
    )
    names = usernames(row[2] for row in found)
    return {
        pk: protocol.Quote.model_construct(
            id=pk,
            number=number,
            sender=names[sender],
            body="" if deleted_at or hidden_at else excerpt_of(excerpt, beginning),
        )
        for pk, number, sender, excerpt, beginning, deleted_at, hidden_at in found
    }


BEGINNING = Left("body", text.needed_for(text.EXCERPT_LIMIT))


def excerpt_of(excerpt: str | None, beginning: str) -> str:
    """Returns a quote's text, from the message's excerpt or the beginning of its body."""
    return text.plain(beginning, text.EXCERPT_LIMIT) if excerpt is None else excerpt


def _attachment(summary: dict[str, Any]) -> protocol.Attachment:
    """An attachment from what its message keeps of it (``Attachment.summary``)."""
    fields: dict[str, Any] = {name: summary[name] for name in summary if name != "thumbnail"}
    fields["id"] = UUID(summary["id"])
    fields |= attachment_urls(summary["id"], summary["name"], thumbnail=summary["thumbnail"])
    return protocol.Attachment.model_construct(None, **fields)


def attachment(row: Attachment) -> protocol.Attachment:
    return _attachment(row.summary())


def attachment_urls(id: UUID | str, name: str, *, thumbnail: bool) -> dict[str, str | None]:
    """Returns the download addresses of a file, for everyone who may read its room."""
    # Only for people to read: a file is found by its id, and "thumbnail" alone is another one.
    shown = "file" if name == "thumbnail" else quote(name, safe="")
    return {
        "url": f"{settings.URL_PREFIX}/media/{id}/{shown}",
        "thumbnail_url": f"{settings.URL_PREFIX}/media/{id}/thumbnail" if thumbnail else None,
    }


def person(user: User) -> protocol.Person:
    return protocol.Person(
        username=user.username,
        display_name=user.get_full_name(),
        avatar_url=user.avatar_url,
    )


def me(user: User) -> protocol.Me:
    return protocol.Me(id=user.pk, **person(user).model_dump())


def room(
    *,
    id: UUID,
    kind: str,
    name: str,
    closed: bool,
    head: tuple[int, int],
    read: int,
    unread: int,
    role: str | None,
    members: list[str] | None,
    member_count: int,
    put_away: int | None,
    favorite: bool | None,
    asked: Sequence[str] = (),
) -> protocol.Room:
    """Returns a room as one person sees it; ``head`` is its position and number, ``put_away`` the
    number at which they hid it.
    """
    position, number = head
    return protocol.Room.model_construct(
        id=id,
        kind=protocol.RoomKind(kind),
        name=name,
        members=members,
        member_count=member_count,
        position=position,
        number=number,
        read=read,
        unread=unread,
        role=protocol.Role(role) if role else None,
        closed=closed,
        put_away=put_away is not None and put_away >= number,
        favorite=bool(favorite),
        asked=list(asked) or None,
    )


def members(memberships: Iterable[Membership]) -> list[protocol.Member]:
    return [
        protocol.Member(**person(each.user).model_dump(), role=each.role) for each in memberships
    ]
