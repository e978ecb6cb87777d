"""Turns drafts into the rows to store."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from accounts.models import User
from chat import serializers
from chat.actions.drafts import Draft
from chat.message_log import clock
from chat.models import Attachment, Membership, Message
from chat.models.messages import CARRIED
from chat.protocol import BODY_LIMIT, ChatError, ErrorCode
from chat.rendering import text
from chat.rendering.mentions import readings


@dataclass(slots=True)
class Context:
    """Everything that the drafts of one batch refer to, read once."""

    now: datetime
    quoted: dict[UUID, UUID]
    """Rooms of messages, by id."""
    files: dict[UUID, Attachment]
    people: dict[UUID, set[str]]
    """Those who are mentioned, by room."""
    rendered: dict[UUID, text.Rendered]

    @classmethod
    def of(cls, drafts: Iterable[Draft], newcomers: Mapping[UUID, UUID]) -> "Context":
        """Reads the context of these rendered drafts, including people who join a room with its
        first message.
        """
        drafts = list(drafts)
        rendered = {draft.id: draft.rendered for draft in drafts if draft.rendered}
        commands = [draft.command for draft in drafts]
        quoted = {command.reply_to for command in commands if command.reply_to}
        files = {id for command in commands for id in command.attachments}
        named = {name for each in rendered.values() for name in readings(each.mentions)}
        return cls(
            now=clock.now(),
            quoted=_quoted(quoted) if quoted else {},
            files=Attachment.objects.in_bulk(files) if files else {},
            people=members_named({command.room for command in commands}, named, newcomers),
            rendered=rendered,
        )

    def row_of(self, draft: Draft) -> Message:
        """Returns the row for a draft whose sender may send.

        Raises:
            ChatError: something in the draft itself is wrong.
        """
        command = draft.command
        body = checked_body(command.body, empty=bool(command.attachments or command.code))
        if command.reply_to and self.quoted.get(command.reply_to) != command.room:
            raise ChatError(ErrorCode.NOT_FOUND, "The message that this replies to was not found.")
        carried = dict(CARRIED)
        for name in carried:
            if (value := getattr(command, name)) is not None:
                carried[name] = value.model_dump() if isinstance(value, BaseModel) else value
        rendered = self.rendered[draft.id].naming(self.people.get(command.room, ()))
        return Message(
            id=draft.id,
            room_id=command.room,
            sender_id=draft.sender.pk,
            client_id=command.client_id,
            body=body,
            html=rendered.html,
            excerpt=rendered.excerpt,
            reply_to=command.reply_to,
            attachments=_claim(draft, self.files),
            mentions=rendered.mentions,
            created_at=self.now,
            **carried,
        )


def _quoted(ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The rooms of messages that are about to be quoted. One from before there were excerpts gets
    its own now, so that nobody who reads the quote has to make it."""
    quoted = Message.objects.filter(pk__in=ids).annotate(beginning=serializers.BEGINNING)
    rows = list(quoted.values_list("pk", "room_id", "position", "excerpt", "beginning"))
    for pk, _, position, excerpt, beginning in rows:
        if excerpt is None and beginning and not text.is_plain(beginning):
            same = Message.objects.filter(pk=pk, position=position)
            same.update(excerpt=serializers.excerpt_of(excerpt, beginning))
    return {pk: room for pk, room, *_ in rows}


def checked_body(body: str, *, empty: bool = False) -> str:
    """Returns the checked text of a message, which may be empty if something else is attached.

    Raises:
        ChatError: ``too_large``, ``bad_request``.
    """
    if len(body) > BODY_LIMIT:
        raise ChatError(
            ErrorCode.TOO_LARGE,
            f"A message has at most {BODY_LIMIT:,} characters. Send the text as a file.",
        )
    if "\0" in body:
        raise ChatError(ErrorCode.BAD_REQUEST, "A message cannot contain the character NUL.")
    if not empty and text.is_invisible(body):
        raise ChatError(ErrorCode.BAD_REQUEST, "Write something or attach a file first.")
    return body


def members_named(
    rooms: Collection[UUID],
    names: Collection[str],
    newcomers: Mapping[UUID, UUID] = MappingProxyType({}),
) -> dict[UUID, set[str]]:
    """Returns which of these usernames are mentions, by room: of active members, and of people who
    are about to join (id by room).
    """
    found: dict[UUID, set[str]] = {}
    if not names:
        return found
    people = dict(
        User.objects.filter(username__in=names, is_active=True).values_list("pk", "username")
    )
    memberships = Membership.objects.filter(room_id__in=rooms, user_id__in=people)
    rows = list(memberships.values_list("room_id", "user_id")) if people else []
    for room, user in [*rows, *(pair for pair in newcomers.items() if pair[1] in people)]:
        found.setdefault(room, set()).add(people[user])
    return found


def _claim(draft: Draft, files: dict[UUID, Attachment]) -> list[dict[str, Any]]:
    """Assigns the draft's files to its message, before it is stored.

    The message's id does not depend on this attempt, so a retry finds its own claims.
    """
    summaries = []
    for id in dict.fromkeys(draft.command.attachments):
        file = files.get(id)
        if file is None or file.owner_id != draft.sender.pk:
            raise ChatError(ErrorCode.NOT_FOUND, "An attachment was not found. Upload it again.")
        mine = Attachment.objects.filter(pk=id, message__isnull=True)
        if file.message != draft.id and not mine.update(message=draft.id, room=draft.command.room):
            raise ChatError(ErrorCode.CONFLICT, "A file can be attached to one message only.")
        summaries.append(file.summary())
    return summaries
