"""The events that the server sends without a command."""

from typing import ClassVar
from uuid import UUID

from chat.protocol.limits import VERSION
from chat.protocol.objects import (
    Limits,
    Me,
    Message,
    Person,
    PersonalChange,
    PresenceState,
    RemovalReason,
    Room,
    RoomRequest,
    Server,
    Wire,
)


class Event(Wire):
    """An event that the server sends without a command."""

    type: ClassVar[str]

    def frame(self) -> str:
        """The event as the text of a frame."""
        return f'{{"type":"{self.type}",{self.model_dump_json()[1:]}'


class Ready(Event):
    """The first frame on every socket."""

    type = "ready"
    protocol: int = VERSION
    user: Me
    rooms: list[Room]
    """The person's rooms. ``members`` is left out of the largest ones where all of them would be
    too much: ``member_count`` is there, and ``room.members`` tells them."""
    more: bool = False
    """Whether the person is in further rooms, which follow as ``room`` events."""
    online: list[str]
    """Usernames of those who are here now, among those with whom the person shares a private or
    direct room in which both have written."""
    requests: list[RoomRequest]
    """The rooms into which strangers ask the person: ``room.accept`` or ``room.refuse``."""
    blocked: list[str]
    """Usernames of those whom the person has blocked: fold their messages, and call for none."""
    heartbeat: float
    """Seconds between two ``heads``."""
    epoch: UUID
    """The id of the history: made at the first start and at every restore. When it is not the
    last one that you saw, drop what you hold of all rooms and page again; keep and send what you
    have not sent."""
    server: Server
    limits: Limits
    me_version: int
    """The newest version of what the person alone has changed for themselves. When it is not the
    one that you hold, ``me.sync`` from yours. It is never newer than ``rooms``."""


class MessageEvent(Event):
    """A message was sent, edited, reacted to or deleted: its new state."""

    type = "message"
    room: UUID
    position: int
    message: Message


class Changes(Event):
    """All changes of a room after a position, in the order of position."""

    type = "changes"
    room: UUID
    messages: list[Message]
    position: int
    more: bool
    reset: bool


class RoomEvent(Event):
    """A room was opened or changed, or the person was added to it.

    A direct room that another person opened comes with its first messages: in its state before
    them, and then a ``message`` event for each. If that is impossible, ``position`` is after them.
    """

    type = "room"
    room: Room


class RoomRemoved(Event):
    """The person is not, or not any more, a member of this room. ``reason`` is ``left`` (they left,
    on any of their devices), ``removed`` (another person removed them, or the server only found
    that they are out) or ``not_found`` (they requested to ``sync`` a room that they may not read).
    A closed room stays, and comes as ``room`` with ``closed``.

    ``name`` (of the room) and ``by`` (the username of the person who did it) are given if a member
    removed them. ``by`` is left out if the server's moderators did it, and both are if the server
    only found that they are out.
    """

    type = "room.removed"
    room: UUID
    reason: RemovalReason
    name: str | None = None
    by: str | None = None

    def frame(self) -> str:
        """Leaves out unknown fields: a room that may not be read looks like one that does not
        exist.
        """
        return f'{{"type":"{self.type}",{self.model_dump_json(exclude_none=True)[1:]}'


class ReadEvent(Event):
    """A person has read up to a number."""

    type = "read"
    room: UUID
    user: str
    number: int


class TypingEvent(Event):
    """A person is typing; it holds for five seconds."""

    type = "typing"
    room: UUID
    user: str


class PresenceEvent(Event):
    """A person with whom one shares a private or direct room, in which both have written, went
    online or offline (``state``). It is also sent when the two begin or cease to see each other.
    Changes within a moment come in one frame, and a person who comes and goes within it is left
    out.
    """

    type = "presence"
    user: str
    state: PresenceState


class PersonEvent(Event):
    """A person changed their display name or avatar."""

    type = "person"
    person: Person


class BlockedEvent(Event):
    """Everyone whom the person has blocked, after a change on any of their devices."""

    type = "blocked"
    usernames: list[str]


class RequestsEvent(Event):
    """All rooms into which strangers ask the person, after a change."""

    type = "requests"
    requests: list[RoomRequest]


class MeChanged(Event):
    """Something changed for the person alone, on any of their devices.

    When ``version`` is yours plus one, apply ``changes``. At or below yours, it is old: drop it.
    Beyond that, something is missing: ``me.sync`` from your version. Where the server only found
    that you may have missed something, there are no ``changes``.
    """

    type = "me.changed"
    version: int
    changes: list[PersonalChange]


class Heads(Event):
    """The newest positions of rooms that moved since the last heartbeat."""

    type = "heads"
    rooms: dict[UUID, int]


EVENTS: tuple[type[Event], ...] = (
    Ready,
    MessageEvent,
    Changes,
    RoomEvent,
    RoomRemoved,
    ReadEvent,
    TypingEvent,
    PresenceEvent,
    PersonEvent,
    BlockedEvent,
    RequestsEvent,
    MeChanged,
    Heads,
)
