"""The contract between the server and every client, version 1.

What a client may send is a command; what the server sends is a reply, an error or an event.
This module names them all and knows nothing of Django: docs/protocol.md is generated from it
(``manage.py protocol_reference``), and clients in other languages can be generated from the
same models.

Commands forbid unknown fields, so that a misspelt option is an answer and not a silence.
Clients ignore what they do not know, so that this contract can grow.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

VERSION = 1
SUBPROTOCOL = "mediachat.v1"
FRAME_LIMIT = 64 * 1024
"""The largest frame that a client may send, in bytes."""
BODY_LIMIT = 20_000
"""The longest text of one message, in characters."""
PAGE_LIMIT = 200
"""The most messages in one page of history or in one ``changes`` event."""


class ErrorCode(StrEnum):
    BAD_REQUEST = "bad_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNSUPPORTED_MEDIA = "unsupported_media"
    QUOTA_EXCEEDED = "quota_exceeded"
    SERVER_ERROR = "server_error"


class ChatError(Exception):
    """What a person is told when a command cannot be done. Nothing has been changed.

    ``code`` is for programs, ``detail`` for people: it says what to do next, and never
    whether something exists that the person may not see.
    """

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class CloseCode:
    """Why the server closed a socket. Every other code means: come back and ``sync``."""

    FRAME_TOO_LARGE = 1009
    RESTARTING = 1012
    WRONG_PROTOCOL = 4400
    NOT_SIGNED_IN = 4401
    BANNED = 4403
    TOO_SLOW = 4408
    TOO_FAST = 4429


class RoomKind(StrEnum):
    DIRECT = "direct"
    PRIVATE = "private"
    PUBLIC = "public"


class Role(StrEnum):
    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


# -- Objects ---------------------------------------------------------------------------------


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", use_enum_values=True, use_attribute_docstrings=True)


class Person(Wire):
    """Someone with an account."""

    username: str
    display_name: str
    avatar_url: str | None = None


class Me(Wire):
    """The person who is signed in."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None = None


class Attachment(Wire):
    """A file. ``width`` and ``height`` are in pixels and known for images only."""

    id: UUID
    name: str
    content_type: str
    size: int
    width: int | None = None
    height: int | None = None
    url: str
    thumbnail_url: str | None = None


class Quote(Wire):
    """What a reply refers to, as it reads now; the body is shortened."""

    id: UUID
    number: int
    sender: str
    body: str


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("NUL is no character that can be stored")
    return value


Text = Annotated[str, StringConstraints(min_length=0)]
"""Any text. That it is constrained at all makes pydantic refuse halves of characters (lone
surrogates), which JSON can say and no database or socket can."""
Stored = AfterValidator(_without_nul)
"""For text that is stored or looked up: PostgreSQL takes no NUL."""


def _relative(path: str) -> str:
    # A reader's editor joins it to a folder of theirs: it must not lead out of there.
    if path.startswith(("/", "\\")) or ":" in path.split("/")[0] or ".." in path.split("/"):
        raise ValueError("the path of a file is relative to its repository")
    return path


class Code(Wire):
    """Lines of a file, for readers to find in their own checkout of it.

    ``path`` is relative to the repository, with forward slashes; lines count from 1, and both
    are included. What is not known is left empty.
    """

    language: Annotated[str, StringConstraints(max_length=64), Stored] = ""
    repository: Annotated[str, StringConstraints(max_length=500), Stored] = ""
    """Host and path of where it is cloned from, such as ``git.example/team/project``."""
    branch: Annotated[str, StringConstraints(max_length=300), Stored] = ""
    commit: Annotated[str, StringConstraints(pattern="^([0-9a-f]{7,64})?$")] = ""
    path: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1_000),
        Stored,
        AfterValidator(_relative),
    ]
    start_line: Annotated[int, Field(ge=1, le=2**31)]
    end_line: Annotated[int, Field(ge=1, le=2**31)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=BODY_LIMIT), Stored]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_line < self.start_line:
            raise ValueError("end_line is not before start_line")
        return self


class Message(Wire):
    """The state of a message after its last change.

    ``number`` orders the messages of a room as they were sent and never changes; ``position``
    is where its last change stands in the room's log.
    """

    id: UUID
    room: UUID
    number: int
    position: int
    sender: str
    client_id: UUID
    body: str
    html: str
    created_at: datetime
    edited_at: datetime | None = None
    deleted: bool = False
    hidden: bool = False
    """Deleted by a moderator rather than by its sender."""
    reply_to: UUID | None = None
    quote: Quote | None = None
    attachments: list[Attachment] = []
    mentions: list[str] = []
    reactions: dict[str, list[str]] = {}
    """Usernames by emoji, in the order of arrival."""
    code: Code | None = None
    """Lines of code that were shared with it; ``html`` shows them after the body."""


class Room(Wire):
    """A room as one person sees it.

    ``position`` is the head of the room's log, ``number`` that of its newest message, ``read``
    the number up to which this person has read: ``number - read`` are unread.
    """

    id: UUID
    kind: RoomKind
    name: str
    members: list[str] | None = Field(default=None, exclude_if=lambda members: members is None)
    """Usernames; left out in a public room."""
    member_count: int
    position: int
    number: int
    read: int
    role: Role | None = None
    """The caller's role; null when they are not a member of this public room."""
    closed: bool = False
    """Closed by a moderator: it can be read, nothing can be sent."""


class Member(Person):
    role: Role


class Revision(Wire):
    """What a message said before an edit."""

    body: str
    replaced_at: datetime


# -- Commands --------------------------------------------------------------------------------

Ref = Annotated[str, StringConstraints(max_length=200)]
Username = Annotated[str, StringConstraints(min_length=1, max_length=150), Stored]
RoomName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Stored]


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ref: Ref = ""


class Sync(Command):
    """Asks for all that changed: of each room, after the position that the client holds."""

    type: Literal["sync"]
    rooms: Annotated[dict[UUID, Annotated[int, Field(ge=0)]], Field(max_length=1_000)]


class MessageSend(Command):
    """Sends a message. The same ``client_id`` again answers with the same message."""

    type: Literal["message.send"] = "message.send"
    room: UUID
    client_id: UUID
    body: Text = ""
    attachments: Annotated[list[UUID], Field(max_length=20)] = []
    reply_to: UUID | None = None
    code: Code | None = None


class MessageEdit(Command):
    """Changes the text of one's own message."""

    type: Literal["message.edit"]
    message: UUID
    body: Text


class MessageDelete(Command):
    """Deletes one's own message, or as a moderator of the room another's."""

    type: Literal["message.delete"]
    message: UUID


class MessageReact(Command):
    """Adds (``on``) or takes back one's reaction."""

    type: Literal["message.react"]
    message: UUID
    emoji: Annotated[str, StringConstraints(min_length=1, max_length=32), Stored]
    on: bool = True


class MessageReport(Command):
    """Tells the server's moderators about a message."""

    type: Literal["message.report"]
    message: UUID
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000), Stored
    ]


class MessageRevisions(Command):
    """What a message said before its edits; for moderators of the room."""

    type: Literal["message.revisions"]
    message: UUID


class History(Command):
    """A page of messages, newest last: those before a number, those after one, or the newest."""

    type: Literal["history"] = "history"
    room: UUID
    before: Annotated[int, Field(ge=0, le=2**53)] | None = None
    after: Annotated[int, Field(ge=0, le=2**53)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 50


class RoomOpen(Command):
    """Opens a room. A direct room that exists already is answered, not opened again."""

    type: Literal["room.open"] = "room.open"
    kind: RoomKind
    name: RoomName = ""
    members: Annotated[list[Username], Field(max_length=200)] = []


class RoomJoin(Command):
    """Joins a public room."""

    type: Literal["room.join"]
    room: UUID


class RoomLeave(Command):
    """Leaves a private or public room."""

    type: Literal["room.leave"]
    room: UUID


class RoomRename(Command):
    """Renames a room; for its owners and moderators."""

    type: Literal["room.rename"]
    room: UUID
    name: RoomName


class RoomAdd(Command):
    """Adds people to a private or public room; for its owners and moderators."""

    type: Literal["room.add"]
    room: UUID
    members: Annotated[list[Username], Field(min_length=1, max_length=200)]


class RoomRemove(Command):
    """Removes a person from a room; for its owners and moderators."""

    type: Literal["room.remove"]
    room: UUID
    member: Username


class RoomRole(Command):
    """Gives a member another role; for the room's owners."""

    type: Literal["room.role"]
    room: UUID
    member: Username
    role: Role


class RoomMembers(Command):
    """The members of a room by username, a page at a time."""

    type: Literal["room.members"]
    room: UUID
    after: Text = ""
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 100


class RoomRead(Command):
    """Marks a room as read up to a number, on all of the person's devices."""

    type: Literal["room.read"]
    room: UUID
    number: Annotated[int, Field(ge=0, le=2**53)]


class RoomFind(Command):
    """Public rooms whose name contains the query."""

    type: Literal["room.find"]
    query: Annotated[str, StringConstraints(max_length=80), Stored] = ""


class PeopleFind(Command):
    """People whose username or display name begins with the query."""

    type: Literal["people.find"]
    query: Annotated[str, StringConstraints(max_length=80), Stored]


class PeopleGet(Command):
    """Display names and avatars of people by username."""

    type: Literal["people.get"]
    usernames: Annotated[list[Username], Field(max_length=PAGE_LIMIT)]


class UserUpdate(Command):
    """Changes one's own display name."""

    type: Literal["user.update"]
    display_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Stored]


class Typing(Command):
    """Tells the room that one is typing; repeat it every 3 seconds. It has no reply."""

    type: Literal["typing"]
    room: UUID


class Ping(Command):
    """Answers at once."""

    type: Literal["ping"]


COMMANDS: tuple[type[Command], ...] = (
    Sync,
    MessageSend,
    MessageEdit,
    MessageDelete,
    MessageReact,
    MessageReport,
    MessageRevisions,
    History,
    RoomOpen,
    RoomJoin,
    RoomLeave,
    RoomRename,
    RoomAdd,
    RoomRemove,
    RoomRole,
    RoomMembers,
    RoomRead,
    RoomFind,
    PeopleFind,
    PeopleGet,
    UserUpdate,
    Typing,
    Ping,
)

_BY_TYPE: dict[str, TypeAdapter[Any]] = {
    command.model_fields["type"].annotation.__args__[0]: TypeAdapter(command)  # type: ignore[union-attr]
    for command in COMMANDS
}

_ANY: TypeAdapter[Any] = TypeAdapter(
    Annotated[reduce(or_, COMMANDS), Field(discriminator="type")]  # type: ignore[arg-type]
)


class FrameError(ChatError):
    """A frame that is no command; ``ref`` is the client's own, where it could be read."""

    def __init__(self, detail: str, ref: str = "", code: ErrorCode = ErrorCode.BAD_REQUEST) -> None:
        super().__init__(code, detail)
        self.ref = ref


def parse(text: str) -> Any:
    """Reads one frame into its command.

    Raises:
        FrameError: it is not JSON, not an object, of no known type, or its fields are wrong.
    """
    try:
        return _ANY.validate_json(text)
    except (ValueError, RecursionError):
        return _parse_closely(text)


def _parse_closely(text: str) -> Any:
    """The same in steps, to say of a frame that is wrong what is wrong with it."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("This frame is not JSON.") from None
    if not isinstance(frame, dict):
        raise FrameError("A frame is one JSON object.")
    ref = frame.get("ref")
    ref = ref if isinstance(ref, str) and len(ref) <= 200 else ""
    kind = frame.get("type")
    adapter = _BY_TYPE.get(kind) if isinstance(kind, str) else None
    if adapter is None:
        raise FrameError("There is no command of this type.", ref)
    try:
        return adapter.validate_python(frame)
    except ValidationError as error:
        raise FrameError(explain(error), ref) from None
    except RecursionError:
        raise FrameError("This frame is nested too deeply.", ref) from None


def explain(error: ValidationError) -> str:
    """The first mistake in one line, without repeating what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"[:300] if where else str(first["msg"])[:300]


# -- Replies and events ----------------------------------------------------------------------


class Event(Wire):
    """What the server tells without having been asked."""

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
    online: list[str]
    """Usernames of those who are here now, among the members of these rooms."""
    heartbeat: float
    """Seconds between two ``heads``."""


class MessageEvent(Event):
    """A message was sent, edited, reacted to or deleted: its state after that."""

    type = "message"
    room: UUID
    position: int
    message: Message


class Changes(Event):
    """All that changed in a room after a position, in the order of position."""

    type = "changes"
    room: UUID
    messages: list[Message]
    position: int
    more: bool
    reset: bool


class RoomEvent(Event):
    """A room was opened or changed, or the person was added to it."""

    type = "room"
    room: Room


class RoomRemoved(Event):
    """The person is no longer in this room; ``reason``: left, removed, closed or not_found."""

    type = "room.removed"
    room: UUID
    reason: str


class ReadEvent(Event):
    """Someone has read up to a number."""

    type = "read"
    room: UUID
    user: str
    number: int


class TypingEvent(Event):
    """Someone is typing; it holds for five seconds."""

    type = "typing"
    room: UUID
    user: str


class PresenceEvent(Event):
    """Someone came or went; ``state``: online or offline."""

    type = "presence"
    user: str
    state: str


class PersonEvent(Event):
    """Someone changed their display name or avatar."""

    type = "person"
    person: Person


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
    Heads,
)

# Messages are encoded once, and what surrounds them is joined on as text: a message that goes
# to a thousand people, into a reply and into the recent tail of its room is one encoding.


def message_frame(room: UUID, position: int, message: str) -> str:
    """A ``message`` event around a message that is JSON already."""
    return f'{{"type":"message","room":"{room}","position":{position},"message":{message}}}'


def changes_frame(
    room: UUID, messages: Iterable[str], position: int, *, more: bool = False, reset: bool = False
) -> str:
    """A ``changes`` event around messages that are JSON already."""
    return (
        f'{{"type":"changes","room":"{room}","messages":[{",".join(messages)}],'
        f'"position":{position},"more":{_flag(more)},"reset":{_flag(reset)}}}'
    )


def message_reply(ref: str, position: int, message: str) -> str:
    """The reply to a command that changed a message."""
    return f'{{"type":"reply","ref":{json.dumps(ref)},"position":{position},"message":{message}}}'


def reply(ref: str, fields: dict[str, Any] | None = None) -> str:
    """The reply to a command; the values are JSON text already."""
    rest = "".join(f',"{name}":{value}' for name, value in (fields or {}).items())
    return f'{{"type":"reply","ref":{json.dumps(ref)}{rest}}}'


def error(ref: str, code: ErrorCode, detail: str) -> str:
    """The answer to a command that could not be done."""
    return json.dumps(
        {"type": "error", "ref": ref, "code": code, "detail": detail}, separators=(",", ":")
    )


def joined(frames: list[str]) -> str:
    """Several events as one frame, to be taken in order."""
    return frames[0] if len(frames) == 1 else f"[{','.join(frames)}]"


def _flag(value: bool) -> str:
    return "true" if value else "false"
