"""The actions of the server's moderators: each needs a reason, and goes into the audit log.

A crash leaves the stricter state. An action that takes something away comes before its record; one
that gives something back, or shows private data, comes after. Both happen in one transaction if the
database has them. Repeating an action is harmless and records the new reason.

Every action raises ``ChatError``: ``forbidden`` for all but active staff with the permission,
``bad_request`` without a reason, ``not_found``.
"""

from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from accounts import erasure
from accounts.models import User
from accounts.profile.allowed_names import isolated
from chat import permissions
from chat.actions import memberships, messages, rooms
from chat.actions.locks import lock_people
from chat.models import Attachment, AuditEntry, Membership, Message, Report, Room
from chat.moderation import audit
from chat.protocol import ChatError, ErrorCode

REASON_LIMIT = 2_000
"""The longest reason, in characters."""
CONTEXT = 5
"""How many messages before and after a reported one are its context."""


M = TypeVar("M", bound=models.Model)


def suspend_user(moderator: User, *, user: UUID, reason: str) -> User:
    """Suspends a person: their sessions end and their sockets close at once.

    Nobody suspends themselves, and only superusers suspend superusers, so one is left.
    """
    with transaction.atomic():
        # Two superusers who suspend each other wait for one another, so that one is left. MongoDB
        # has no such locks; there ``manage.py createsuperuser`` helps, should both be gone.
        lock_people([moderator.pk, user])
        actor, reason = _authorised(moderator, "accounts.suspend_user", reason)
        person = _person_under(actor, user)
        person.is_active = False
        person.save(update_fields=["is_active"])
        _record(actor, "suspend_user", person, person.username, reason)
    return person


def restore_user(moderator: User, *, user: UUID, reason: str) -> User:
    """Lets a suspended person sign in again."""
    with transaction.atomic():
        actor, reason = _authorised(moderator, "accounts.suspend_user", reason)
        person = _person_under(actor, user)
        if person.erased_at:
            raise ChatError(ErrorCode.CONFLICT, "They were erased. They can make a new account.")
        _record(actor, "restore_user", person, person.username, reason)
        person.is_active = True
        person.save(update_fields=["is_active"])
    return person


def erase_user(moderator: User, *, user: UUID, reason: str, keep_messages: bool) -> User:
    """Closes a person's account for good; everything else that names them is erased soon after.

    The entry uses their new name. Older entries stay unchanged.
    """
    with transaction.atomic():
        actor, reason = _authorised(moderator, "accounts.erase_user", reason)
        person = _person_under(actor, user)
        erasure.begin(person, keep_messages=keep_messages)
        person.refresh_from_db()
        what = "Messages are kept." if keep_messages else "Messages are deleted."
        _record(actor, "erase_user", person, person.username, f"{reason}\n{what}")
    return person


def hide_message(moderator: User, *, message: UUID, reason: str) -> Message:
    """Shows a message as deleted, and refuses its files; the text is kept."""
    with transaction.atomic():
        actor, reason = _authorised(moderator, "chat.hide_message", reason)
        row = messages.hide_message(message=message, hidden=True)
        _record(actor, "hide_message", row, label(row), reason)
    return row


def show_message(moderator: User, *, message: UUID, reason: str) -> Message:
    """Shows a hidden message again. One that its sender deleted stays deleted."""
    with transaction.atomic():
        actor, reason = _authorised(moderator, "chat.hide_message", reason)
        row = _message(message)
        _record(actor, "show_message", row, label(row), reason)
        return messages.hide_message(message=message, hidden=False)


def remove_member(moderator: User, *, room: UUID, user: UUID, reason: str) -> Room:
    """Removes a person from a room. They can rejoin a public room.

    Raises:
        ChatError: also ``forbidden`` in a direct room, which either of the two would reopen.
    """
    with transaction.atomic():
        actor, reason = _authorised(moderator, "chat.remove_member", reason)
        row, person = _room(room), _person(user)
        if row.kind == Room.Kind.DIRECT:
            raise ChatError(
                ErrorCode.FORBIDDEN, "Nobody is removed from a direct room. Close it instead."
            )
        if Membership.objects.filter(room=row, user=person).exists():
            rooms.force_remove_member(room=room, member=person.username)
        _record(
            actor, "remove_member", person, f"{isolated(person.username)} from {label(row)}", reason
        )
    return row


def appoint_owner(moderator: User, *, room: UUID, user: UUID, reason: str) -> Room:
    """Makes a member an owner of their room, in addition to its owners.

    Raises:
        ChatError: also ``not_found`` if they are no member, ``forbidden`` in a direct room and if
            they are suspended.
    """
    with transaction.atomic():
        actor, reason = _authorised(moderator, "chat.remove_member", reason)
        row, person = _room(room), _person(user)
        membership = Membership.objects.filter(room=row, user=person).first()
        if membership is None:
            raise permissions.not_found()
        membership.user = person
        if row.kind == Room.Kind.DIRECT:
            raise ChatError(ErrorCode.FORBIDDEN, "A direct room belongs to its two people.")
        if not person.is_active:
            raise ChatError(ErrorCode.FORBIDDEN, "A suspended person cannot own a room.")
        _appoint(actor, "appoint_owner", membership, row, reason)
    return row


def find_owner(moderator: User, *, room: UUID, reason: str) -> Room:
    """Makes the member an owner who would inherit a room without one.

    Raises:
        ChatError: also ``conflict`` if the room has an owner, or nobody who could be one.
    """
    with transaction.atomic():
        actor, reason = _authorised(moderator, "chat.remove_member", reason)
        row = _room(room)
        memberships.lock_room(room)
        found = Membership.objects.filter(pk__in=memberships.heirs([room]).values())
        membership = found.select_related("user").first()
        if membership is None:
            raise ChatError(
                ErrorCode.CONFLICT, "It has an owner, or no member who could become one."
            )
        _appoint(actor, "find_owner", membership, row, reason)
    return row


def close_room(moderator: User, *, room: UUID, reason: str) -> Room:
    """Closes a room: members can only read it."""
    with transaction.atomic():
        actor, reason = _authorised(moderator, "chat.close_room", reason)
        row = rooms.close_room(room=room, closed=True)
        _record(actor, "close_room", row, label(row), reason)
    return row


def reopen_room(moderator: User, *, room: UUID, reason: str) -> Room:
    """Lets people write in a closed room again."""
    with transaction.atomic():
        actor, reason = _authorised(moderator, "chat.close_room", reason)
        row = _room(room)
        _record(actor, "reopen_room", row, label(row), reason)
        return rooms.close_room(room=room, closed=False)


def settle_report(moderator: User, *, report: UUID, resolution: str) -> Report:
    """Settles a report, with the decision.

    Raises:
        ChatError: also ``conflict`` if another moderator has settled it.
    """
    with transaction.atomic():
        actor, resolution = _authorised(moderator, "chat.settle_report", resolution)
        row = _report(report)
        if row.settled_at is not None:
            raise _settled()
        _record(actor, "settle_report", row, label(row), resolution)
        settled: dict[str, Any] = {
            "settled_at": timezone.now(),
            "settled_by_id": actor.pk,
            "resolution": resolution,
        }
        # Their words were kept for this decision alone.
        if row.reporter.erased_at:
            settled["reason"] = ""
        if row.message.sender.erased_at and row.message.deleted_at:
            settled["body"] = ""
        if not Report.objects.filter(pk=report, settled_at=None).update(**settled):
            raise _settled()
    for name, value in settled.items():
        setattr(row, name, value)
    return row


def reveal_message(moderator: User, *, message: UUID, reason: str) -> Message:
    """Returns an unreported message for a moderator to read."""
    actor, reason = _authorised(moderator, "chat.reveal_message", reason)
    row = _message(message)
    _record(actor, "reveal_message", row, label(row), reason)
    return row


def reveal_context(moderator: User, *, report: UUID, reason: str) -> list[Message]:
    """Returns the messages around a reported one for a moderator to read, oldest first."""
    actor, reason = _authorised(moderator, "chat.reveal_message", reason)
    row = _report(report)
    _record(actor, "reveal_context", row, label(row), reason)
    number = row.message.number
    around = Message.objects.filter(
        room_id=row.message.room_id,
        number__gte=number - CONTEXT,
        number__lte=number + CONTEXT,
    )
    return list(around.select_related("sender", "room").order_by("number"))


def reveal_attachment(moderator: User, *, attachment: UUID, reason: str) -> Attachment:
    """Returns a file for a moderator to look at."""
    actor, reason = _authorised(moderator, "chat.reveal_message", reason)
    row = _attachment(attachment)
    _record(actor, "reveal_attachment", row, label(row), reason)
    return row


def label(row: models.Model) -> str:
    """Names something in the log and the admin without revealing its content.

    It is safe within a sentence: each name in it is isolated from the text around it.
    """
    match row:
        case Room():
            return f"{isolated(row.name)} ({row.kind})" if row.name else f"A {row.kind} room"
        case Message():
            return f"#{row.number} by {isolated(row.sender.username)} in {label(row.room)}"
        case Report():
            return f"Report of {label(row.message)}"
        case Attachment():
            return f"{row.content_type} by {isolated(row.owner.username)}"
        case Membership():
            return f"{isolated(row.user.username)} in {label(row.room)}"
        case AuditEntry():
            return f"{row.action.replace('_', ' ').capitalize()}: {row.target}"
    return isolated(str(row))


# -- Who may, and what about -----------------------------------------------------------------


def _authorised(moderator: User, permission: str, reason: str) -> tuple[User, str]:
    """Returns the moderator as stored now, regardless of the given object, and the reason."""
    actor = User.objects.filter(pk=moderator.pk, is_active=True, is_staff=True).first()
    if actor is None or not actor.has_perm(permission):
        raise ChatError(ErrorCode.FORBIDDEN, "Ask an administrator of this server.")
    reason = reason.strip()
    if not reason or len(reason) > REASON_LIMIT or "\0" in reason:
        raise ChatError(
            ErrorCode.BAD_REQUEST, f"Give a reason of at most {REASON_LIMIT:,} characters."
        )
    return actor, reason


def _person_under(actor: User, user: UUID) -> User:
    person = _person(user)
    if person.pk == actor.pk:
        raise ChatError(ErrorCode.FORBIDDEN, "Ask another moderator to decide about yourself.")
    if person.is_superuser and not actor.is_superuser:
        raise ChatError(ErrorCode.FORBIDDEN, "Only a superuser can do this to a superuser.")
    return person


def _person(user: UUID) -> User:
    return _found(User.objects.all(), user)


def _room(room: UUID) -> Room:
    return _found(Room.objects.all(), room)


def _message(message: UUID) -> Message:
    return _found(Message.objects.select_related("sender", "room"), message)


def _report(report: UUID) -> Report:
    rows = Report.objects.select_related("message__sender", "message__room", "reporter")
    return _found(rows, report)


def _attachment(attachment: UUID) -> Attachment:
    return _found(Attachment.objects.select_related("owner"), attachment)


def _found(rows: "models.QuerySet[M]", id: UUID) -> M:
    row = rows.filter(pk=id).first()
    if row is None:
        raise permissions.not_found()
    return row


def _appoint(actor: User, action: str, membership: Membership, room: Room, reason: str) -> None:
    person = membership.user
    _record(actor, action, person, f"{isolated(person.username)} of {label(room)}", reason)
    memberships.appoint(membership)


def _settled() -> ChatError:
    return ChatError(ErrorCode.CONFLICT, "Another moderator has settled this report.")


def _record(actor: User, action: str, about: models.Model, target: str, reason: str) -> None:
    audit.record(actor.username, action, about, target=target, reason=reason)
