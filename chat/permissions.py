"""All permission checks.

``*_for`` returns the object or raises; ``can_*`` returns whether it is allowed. The look-up is the
check, so no object can be used without one, and an object that a person may not see is answered
exactly like one that does not exist.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from chat.message_log.compiled_queries import PreparedQuery
from chat.models import Attachment, Membership, Message, Room
from chat.models.rooms import pair_of
from chat.protocol import ChatError, ErrorCode

WAITING_MESSAGES = 5
"""The most messages in a direct room whose other person has not accepted yet."""


class Permission(Enum):
    READ = "read"
    SEND = "send"
    WITHDRAW = "withdraw"
    """Delete one's own messages: also where a block has ended a conversation."""
    MODERATE = "moderate"
    """Delete others' messages, rename the room, add and remove people."""
    MANAGE = "manage"
    """Change roles."""


def not_found() -> ChatError:
    """Returns the one error for objects that do not exist and for those the person may not see."""
    return ChatError(ErrorCode.NOT_FOUND, "Not found, or you do not have access.")


def cannot_write() -> ChatError:
    """Returns the same error to both people, whichever of them has blocked the other."""
    return ChatError(ErrorCode.FORBIDDEN, "You cannot write to this person.")


@dataclass(slots=True)
class Grant:
    """A room that a person may read, with their membership if they have one."""

    room: Room
    membership: Membership | None

    @property
    def role(self) -> str | None:
        return self.membership.role if self.membership else None

    def check(self, permission: Permission) -> None:
        """Raises ``forbidden``, and says what to do about it, unless they may do this too."""
        room = self.room
        _check(permission, self.role, closed=room.closed_at is not None, blocked=room.is_blocked)


def room_for(user: User, room_id: UUID, permission: Permission) -> Grant:
    """Returns the room, if this person may do this in it.

    Raises:
        ChatError: ``not_found`` if they may not read it, ``forbidden`` if they may only read it.
    """
    membership = (
        Membership.objects.select_related("room")
        .filter(room_id=room_id, user_id=user.pk, user__is_active=True)
        .first()
    )
    if membership:
        grant = Grant(membership.room, membership)
    elif is_active(user) and (room := _public_rooms().filter(pk=room_id).first()):
        grant = Grant(room, None)
    else:
        raise not_found()
    grant.check(permission)
    return grant


def _check(permission: Permission, role: str | None, *, closed: bool, blocked: bool) -> None:
    if permission is Permission.READ:
        return
    if role is None:
        raise ChatError(ErrorCode.FORBIDDEN, "Join this room first.")
    if closed:
        raise ChatError(ErrorCode.FORBIDDEN, "This room has been closed. It can only be read.")
    if blocked and permission is Permission.SEND:
        raise cannot_write()
    if permission is Permission.MODERATE and role == Membership.Role.MEMBER:
        raise ChatError(ErrorCode.FORBIDDEN, "Ask an owner or moderator of this room.")
    if permission is Permission.MANAGE and role != Membership.Role.OWNER:
        raise ChatError(ErrorCode.FORBIDDEN, "Ask an owner of this room.")


def message_for(user: User, message_id: UUID) -> tuple[Message, Grant]:
    """Returns a message that this person may read, with its room.

    Raises:
        ChatError: ``not_found``.
    """
    message = Message.objects.select_related("sender").filter(pk=message_id).first()
    if message is None:
        raise not_found()
    return message, room_for(user, message.room_id, Permission.READ)


def attachment_for(user: User, attachment_id: UUID) -> Attachment:
    """Returns a file that this person may download: their own until a message shows it, afterwards
    that of a room that they may read now, for as long as the message exists.

    Raises:
        ChatError: ``not_found``.
    """
    attachment = Attachment.objects.filter(pk=attachment_id).first()
    if attachment is None or not is_active(user):
        raise not_found()
    own = attachment.owner_id == user.pk
    if attachment.room is None or attachment.message is None:
        allowed = own
    elif message := Message.objects.filter(pk=attachment.message).first():
        allowed = not message.is_gone and can_read(user, attachment.room)
    else:
        allowed = own  # claimed, by a message that is not stored yet
    if not allowed:
        raise not_found()
    return attachment


def can_read(user: User, room_id: UUID) -> bool:
    try:
        room_for(user, room_id, Permission.READ)
    except ChatError:
        return False
    return True


def is_active(user: User) -> bool:
    """Returns whether they are active now, regardless of the given object."""
    return User.objects.filter(pk=user.pk, is_active=True).exists()


@dataclass(slots=True)
class Sender:
    """The state that the log needs to store a message from one person in one room."""

    role: str
    closed: bool
    members_version: int
    position: int
    number: int
    blocked: bool
    waiting: bool
    has_written: bool
    newcomer: UUID | None
    """The other person of a direct room that has no message yet: they come in with the first."""
    sending: int = 0
    """How many messages of theirs the log is about to store."""

    def check(self) -> None:
        """Raises ``forbidden`` unless they may send."""
        if self.waiting and self.number + self.sending >= WAITING_MESSAGES:
            raise ChatError(
                ErrorCode.FORBIDDEN, "They have been asked. You can write more when they accept."
            )
        _check(Permission.SEND, self.role, closed=self.closed, blocked=self.blocked)


def senders_for(pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Sender]:
    """Checks like ``room_for`` for many (user, room) in one query.

    Pairs that may not read are left out.
    """
    return {
        (user, room): Sender(
            role,
            closed_at is not None,
            version,
            position or 0,
            number or 0,
            bool(first or second),
            bool(waiting),
            bool(has_written),
            None if number or waiting else _other_of(direct_key, user),
        )
        for (
            user,
            room,
            role,
            closed_at,
            version,
            first,
            second,
            waiting,
            has_written,
            direct_key,
            position,
            number,
        ) in _senders(pairs)
    }


def _other_of(direct_key: str | None, user: UUID) -> UUID | None:
    return next((id for id in pair_of(direct_key) if id != user), None)


def with_heads(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Adds the newest ``position`` and ``number`` of each room: two seeks in an index."""
    log = Message.objects.filter(room=OuterRef("room"))
    return memberships.annotate(
        position=Subquery(log.order_by("-position").values("position")[:1]),
        number=Subquery(log.order_by("-number").values("number")[:1]),
    )


def _public_rooms() -> QuerySet[Room]:
    return Room.objects.filter(kind=Room.Kind.PUBLIC, closed_at=None)


_senders: PreparedQuery[tuple[UUID, UUID]] = PreparedQuery(
    # Pair by pair: two lists would be a look into the index for each person in each room.
    lambda pairs: with_heads(
        Membership.objects.filter(
            reduce(or_, (Q(user_id=user, room_id=room) for user, room in pairs)),
            user__is_active=True,
        )
    ).values_list(  # type: ignore[misc]  # the plugin does not see what with_heads annotates
        "user_id",
        "room_id",
        "role",
        "room__closed_at",
        "room__members_version",
        "room__blocked_by_first",
        "room__blocked_by_second",
        "room__waiting",
        "has_written",
        "room__direct_key",
        "position",
        "number",
    )
)
