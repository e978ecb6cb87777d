"""All writes to messages; ``drafts`` prepares them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from accounts.models import User
from chat import permissions
from chat.actions import publishing, reactions, sending
from chat.actions.attachments import attachments_deleted_on_commit
from chat.actions.drafts import Draft, render
from chat.actions.rows import checked_body, members_named
from chat.message_log import clock, writer
from chat.message_log.retries import retried
from chat.models import Message, Report, Revision
from chat.models.messages import CARRIED
from chat.permissions import Permission
from chat.protocol import ChatError, ErrorCode, MessageSend
from chat.rendering import text
from chat.rendering.mentions import readings

REACTIONS_LIMIT = 20
"""The most different emoji on one message."""
REACTED_LIMIT = 64 * 1024
"""Characters of all the names under the emoji of one message: five thousand reactions of people
with names of ten. Each change of a message tells all of them to everyone in the room."""


def send_message(user: User, **fields: Any) -> Message:
    """Stores a message with these fields of ``MessageSend``, or returns the existing one with this
    ``client_id``.

    Raises:
        ChatError: ``not_found``, ``forbidden``, ``bad_request``, ``too_large``.
    """
    # Not validated here: the code that stores the message checks its text for all callers.
    draft = Draft(user, MessageSend.model_construct(**fields))
    (result,) = send_messages([draft])
    if isinstance(result, Exception):
        raise result
    return result


def send_messages(drafts: Sequence[Draft]) -> list[Message | ChatError]:
    """Stores many messages in one transaction, with one query for all of their context.

    A refused message does not stop the others: its ``ChatError`` stands in its place.
    """
    for draft in drafts:
        # Before the transaction, in which nobody else can write.
        draft.rendered = draft.rendered or render(draft.command.body, draft.command.code)
    return retried(partial(sending.store, drafts, sending.Tried()))


def render_edit(user: User, *, message: UUID, body: str) -> text.Rendered:
    """Renders a message's new text as HTML, after checking that this person may change it.

    Raises:
        ChatError: ``not_found``, ``forbidden``, ``bad_request``, ``too_large``.
    """
    row, grant = permissions.message_for(user, message)
    grant.check(Permission.SEND)
    _refuse_other(user, row)
    checked_body(body, empty=bool(row.attachments or row.code))
    # Whatever else is wrong with a message that is gone, ``edit_message`` says.
    return text.Rendered("") if row.deleted_at else render(body)


def edit_message(
    user: User, *, message: UUID, body: str, rendered: text.Rendered | None = None
) -> Message:
    """Changes the text of one's own message and keeps the former text.

    Raises:
        ChatError: ``not_found``, ``forbidden``, ``conflict`` (deleted), ``bad_request``,
            ``too_large``.
    """
    row, grant = permissions.message_for(user, message)
    grant.check(Permission.SEND)
    html = rendered or render(body)
    members = members_named([row.room_id], readings(html.mentions))
    html = html.naming(members.get(row.room_id, ()))

    def decide(row: Message) -> dict[str, Any] | None:
        permissions.room_for(
            user, row.room_id, Permission.SEND
        )  # again, as they may have been erased
        _refuse_other(user, row)
        if row.deleted_at:
            # Without transactions, a deletion that came between the two writes of this edit has
            # not seen the first of them.
            Revision.objects.filter(message=row).delete()
        _refuse_gone(row)
        checked = checked_body(body, empty=bool(row.attachments or row.code))
        if checked == row.body:
            return None
        now = clock.now()
        Revision.objects.get_or_create(
            message=row, position=row.position, defaults={"body": row.body, "replaced_at": now}
        )
        return {
            "body": checked,
            "html": html.html + shared_html(row),
            "excerpt": html.excerpt,
            "mentions": html.mentions,
            "edited_at": now,
        }

    return change_message(message, decide, grant)


def shared_html(row: Message) -> str:
    """Returns the HTML of a message's attached code: the last block of the stored HTML, since
    highlighting it again would delay everyone who sends.
    """
    if not row.code:
        return ""
    stored = row.html[row.html.rfind("<pre") :]
    if stored.startswith("<pre") and len(stored) <= text.HTML_LIMIT:
        return stored
    return text.code_block(row.code["text"], row.code["language"])


def delete_message(user: User, *, message: UUID) -> Message:
    """Deletes one's own message, or as a moderator of the room another person's.

    The text, its revisions, the reactions and the files are gone for good; number and sender
    stay, so that the room's order has no hole.

    Raises:
        ChatError: ``not_found``, ``forbidden``.
    """
    _, grant = permissions.message_for(user, message)

    def decide(row: Message) -> dict[str, Any] | None:
        own = row.sender_id == user.pk
        grant.check(Permission.WITHDRAW if own else Permission.MODERATE)
        return None if row.deleted_at else taken_back(row)

    row = change_message(message, decide, grant)
    delete_remains(row)
    return row


def taken_back(row: Message) -> dict[str, Any]:
    """Returns the fields that change when a message is deleted."""
    return {
        "body": "",
        "html": "",
        "excerpt": "",
        "attachments": [],
        "mentions": [],
        "reactions": {},
        **CARRIED,
        "deleted_at": clock.now(),
        "gone_number": row.number,
    }


def delete_remains(row: Message) -> None:
    """Deletes a deleted message's data outside its row."""
    Revision.objects.filter(message=row).delete()
    attachments_deleted_on_commit(row.pk)


def react_to_message(user: User, *, message: UUID, emoji: str, on: bool) -> Message:
    """Adds one's reaction to a message or takes it back.

    Raises:
        ChatError: ``not_found``, ``forbidden``, ``conflict`` (deleted, or too many different
            reactions), ``bad_request`` (not an emoji).
    """
    form = reactions.canonical(emoji)
    if form is None and on:
        raise _no_emoji()
    _, grant = permissions.message_for(user, message)
    grant.check(Permission.SEND)

    def decide(row: Message) -> dict[str, Any] | None:
        # Again, as they may have left since, or been erased: their name must not come after that.
        permissions.room_for(user, row.room_id, Permission.SEND)
        _refuse_gone(row)
        # Rows of before may have an emoji in several forms.
        found = reactions.gathered(row.reactions)
        key = form or emoji
        if form is None and key not in found:
            raise _no_emoji()
        names = found.get(key, [])
        if on == (user.username in names):
            return None
        names = [*names, user.username] if on else [n for n in names if n != user.username]
        found[key] = names
        if not names:
            del found[key]
        if on and len(found) > REACTIONS_LIMIT:
            raise ChatError(ErrorCode.CONFLICT, "This message has too many different reactions.")
        if on and sum(len(name) + 3 for names in found.values() for name in names) > REACTED_LIMIT:
            raise ChatError(ErrorCode.CONFLICT, "This message has too many reactions.")
        return {"reactions": found}

    return change_message(message, decide, grant)


def _no_emoji() -> ChatError:
    return ChatError(ErrorCode.BAD_REQUEST, "A reaction is one emoji.")


def report_message(user: User, *, message: UUID, reason: str) -> Report:
    """Reports a message to the server's moderators; a second report by the same person replaces and
    reopens the first, as the message may have been edited since.

    Raises:
        ChatError: ``not_found``, ``conflict`` (deleted).
    """
    row, _ = permissions.message_for(user, message)
    _refuse_gone(row)
    report, _ = Report.objects.update_or_create(
        message=row,
        reporter=user,
        defaults={
            "reason": reason,
            "body": row.body,
            "settled_at": None,
            "settled_by": None,
            "resolution": "",
        },
    )
    return report


def hide_message(*, message: UUID, hidden: bool) -> Message:
    """Hides a message, which then looks deleted, or shows it again. The caller, a moderation
    action, checks the permission.

    Raises:
        ChatError: ``not_found``.
    """

    def decide(row: Message) -> dict[str, Any] | None:
        if hidden == (row.hidden_at is not None):
            return None
        is_gone = hidden or row.deleted_at is not None
        return {
            "hidden_at": clock.now() if hidden else None,
            "gone_number": row.number if is_gone else None,
        }

    try:
        return change_message(message, decide)
    except Message.DoesNotExist:
        raise permissions.not_found() from None


def _refuse_other(user: User, row: Message) -> None:
    if row.sender_id != user.pk:
        raise ChatError(ErrorCode.FORBIDDEN, "You can edit only your own messages.")


def _refuse_gone(row: Message) -> None:
    if row.is_gone:
        raise ChatError(ErrorCode.CONFLICT, "This message has been deleted.")


def change_message(
    message: UUID,
    decide: Callable[[Message], dict[str, Any] | None],
    grant: permissions.Grant | None = None,
) -> Message:
    """Runs ``writer.change`` and broadcasts the change to the room.

    Raises:
        Message.DoesNotExist: there is no such message.
    """
    row = writer.change(message, decide)
    if row.changed:
        room = grant.room if grant else row.room
        publishing.publish([row], {row.room_id: room.members_version})
    else:
        publishing.encode([row])
    return row
