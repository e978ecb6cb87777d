"""From what is stored to what is sent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from chat import protocol, text
from chat.models import Attachment, Membership, Message

QUOTE_LIMIT = 140
"""The longest excerpt of a quoted message, in characters."""
NAMES_LIMIT = 50_000
"""The most usernames that are remembered."""

_usernames: dict[UUID, str] = {}
"""Usernames never change, so what has been asked once need not be asked again."""


def usernames(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Usernames by id, from memory where they are known."""
    missing = {id for id in ids if id not in _usernames}
    if missing:
        if len(_usernames) > NAMES_LIMIT:
            _usernames.clear()
        _usernames.update(User.objects.filter(pk__in=missing).values_list("pk", "username"))
    return _usernames


def messages(rows: Sequence[Message]) -> list[protocol.Message]:
    """Messages as clients see them, in the same order: at most two queries for all of them."""
    quotes = _quotes(rows)
    names = usernames(row.sender_id for row in rows)
    return [_message(row, names[row.sender_id], quotes) for row in rows]


def encode(rows: Sequence[Message]) -> list[str]:
    """The same as JSON."""
    return [message.model_dump_json() for message in messages(rows)]


def _message(row: Message, sender: str, quotes: Mapping[UUID, protocol.Quote]) -> protocol.Message:
    gone = row.is_gone
    # model_construct: these values come from our own rows, and checking them again would cost
    # more than encoding them.
    return protocol.Message.model_construct(
        id=row.pk,
        room=row.room_id,
        number=row.number,
        position=row.position,
        sender=sender,
        client_id=row.client_id,
        body="" if gone else row.body,
        html="" if gone else _html(row),
        created_at=row.created_at,
        edited_at=row.edited_at,
        deleted=gone,
        hidden=row.hidden_at is not None,
        reply_to=row.reply_to,
        quote=quotes.get(row.reply_to) if row.reply_to and not gone else None,
        attachments=[] if gone else [_attachment(summary) for summary in row.attachments],
        mentions=[] if gone else row.mentions,
        reactions={} if gone else row.reactions,
        code=protocol.Code.model_construct(**row.code) if row.code and not gone else None,
    )


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
    quoted = list(Message.objects.filter(pk__in=wanted))
    names = usernames(row.sender_id for row in quoted)
    return {
        row.pk: protocol.Quote.model_construct(
            id=row.pk,
            number=row.number,
            sender=names[row.sender_id],
            body="" if row.is_gone else text.plain(row.body, QUOTE_LIMIT),
        )
        for row in quoted
    }


def _attachment(summary: dict[str, Any]) -> protocol.Attachment:
    """An attachment from what its message keeps of it (``Attachment.summary``)."""
    fields: dict[str, Any] = {name: summary[name] for name in summary if name != "thumbnail"}
    fields["id"] = UUID(summary["id"])
    fields |= attachment_urls(summary["id"], summary["name"], thumbnail=summary["thumbnail"])
    return protocol.Attachment.model_construct(None, **fields)


def attachment(row: Attachment) -> protocol.Attachment:
    return _attachment(row.summary())


def attachment_urls(id: UUID | str, name: str, *, thumbnail: bool) -> dict[str, str | None]:
    """Where a file is had, for whoever may read its room."""
    return {
        "url": f"/media/{id}/{quote(name, safe='')}",
        "thumbnail_url": f"/media/{id}/thumbnail" if thumbnail else None,
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
    role: str | None,
    members: Sequence[str] | None,
    member_count: int,
    put_away: int | None,
    asked: Sequence[str] = (),
) -> protocol.Room:
    """A room as one person sees it; ``head`` is its position and number, ``put_away`` the number
    at which they took it off their list."""
    position, number = head
    return protocol.Room.model_construct(
        id=id,
        kind=protocol.RoomKind(kind),
        name=name,
        members=list(members) if members is not None else None,
        member_count=member_count,
        position=position,
        number=number,
        read=read,
        role=protocol.Role(role) if role else None,
        closed=closed,
        put_away=put_away is not None and put_away >= number,
        asked=list(asked) or None,
    )


def members(memberships: QuerySet[Membership]) -> list[protocol.Member]:
    return [
        protocol.Member(**person(each.user).model_dump(), role=each.role) for each in memberships
    ]
