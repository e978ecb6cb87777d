"""The objects that commands and events contain."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from chat.protocol.limits import BODY_LIMIT, CONTEXT_LIMIT, CONTEXT_LINES


class RoomKind(StrEnum):
    DIRECT = "direct"
    PRIVATE = "private"
    PUBLIC = "public"


class Role(StrEnum):
    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


class RemovalReason(StrEnum):
    """The reason why a person is not, or not any more, a member of a room."""

    LEFT = "left"
    """They left it, on any of their devices."""
    REMOVED = "removed"
    """Somebody else removed them, or the server only found that they are out."""
    NOT_FOUND = "not_found"
    """They asked to ``sync`` a room that they may not read."""


class PresenceState(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"


class PersonalKind(StrEnum):
    """The kinds of changes in a person's own log."""

    FAVORITE = "favorite"
    """Whether a room is among their favourites: true or false."""


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", use_enum_values=True, use_attribute_docstrings=True)


class Server(Wire):
    """The server's software and its version."""

    name: str
    version: str


class Limits(Wire):
    """The server's limits, so that clients can check input before they send it."""

    body: int
    """Characters (Unicode code points) of one message's text."""
    upload: int
    """Bytes of one file."""
    attachments: int
    """Files of one message."""
    frame: int
    """Bytes of one frame from a client."""


class Person(Wire):
    """A person with an account."""

    username: str
    display_name: str
    avatar_url: str | None = None


class Me(Wire):
    """The signed-in person."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None = None


class AttachmentProblem(StrEnum):
    """The reason why a file can only be saved, and is not shown."""

    MISLABELED = "mislabeled"
    """It is not what its name says."""
    TOO_MANY_PIXELS = "too_many_pixels"
    """The picture has more pixels than the server decodes."""
    UNREADABLE = "unreadable"
    """The picture is broken, or takes more work than any picture should."""


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
    problem: AttachmentProblem | None = None
    """Why it cannot be shown, where it is named as something that can be."""
    metadata_kept: bool = False
    """It is a picture, and what its camera wrote into it (place, time, owner) is still there: the
    server could not tell where. From all others that is taken out."""


class Quote(Wire):
    """The message that a reply refers to, in its current state; the body is shortened."""

    id: UUID
    number: int
    sender: str
    body: str


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("NUL is no character that can be stored")
    return value


Stored = AfterValidator(_without_nul)
"""For every text: PostgreSQL takes no NUL, not even to look it up."""
Text = Annotated[str, StringConstraints(min_length=0), Stored]
"""Any text. That it is constrained at all makes pydantic refuse halves of characters (lone
surrogates), which JSON can say and no database or socket can."""


def _with_plain_line_ends(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")


Lines = Annotated[Text, AfterValidator(_with_plain_line_ends)]
"""Text of several lines. However a program ends them, ``\\n`` ends them from here on: what is
priced is then what is parsed, and what is stored is the same from everywhere."""


_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _one_line(value: str) -> str:
    for char in value:
        if char in _TURNING or unicodedata.category(char) in ("Cc", "Zl", "Zp"):
            raise ValueError("characters that control text or turn it around are not taken here")
    return value


Shown = AfterValidator(_one_line)
"""For what others read in a sentence and take for a name that they know, of a file or a branch:
``gpj.exe`` must not be shown as ``exe.jpg``. Letters of any script have their direction without
those characters."""


ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*://")


def _relative(path: str) -> str:
    # A reader's editor joins it to a local folder: it must not lead out of there. Names may contain
    # colons; only a Windows drive and an address begin with one that matters.
    if ABSOLUTE.match(path) or ".." in path.split("/"):
        raise ValueError("the path of a file is relative to its repository")
    return path


def _bounded_context(lines: str) -> str:
    if lines.count("\n") >= CONTEXT_LINES:
        raise ValueError(f"at most {CONTEXT_LINES} lines of context are taken")
    if len(lines.encode()) > CONTEXT_LIMIT:
        raise ValueError(f"at most {CONTEXT_LIMIT:,} bytes of context are taken")
    return lines


# The longest text is checked first: counting lines and bytes is expensive.
Context = Annotated[
    Lines, StringConstraints(max_length=CONTEXT_LIMIT), AfterValidator(_bounded_context)
]
"""Lines around shared ones, without the line end of the last."""


def _is_none(value: object) -> bool:
    return value is None


class Code(Wire):
    """Lines of a file, which readers can find in their own checkout.

    ``path`` is relative to the repository, with forward slashes, and does not begin as one of a
    Windows drive (``c:``) or an address (``file://``); lines count from 1, and both are
    included. What is not known is left empty or left out. No field but ``text``, ``before``
    and ``after`` may have characters that control text or turn it around.
    """

    language: Annotated[str, StringConstraints(max_length=64), Stored, Shown] = ""
    repository: Annotated[str, StringConstraints(max_length=500), Stored, Shown] = ""
    """Host and path of where it is cloned from, such as ``git.example/team/project``."""
    branch: Annotated[str, StringConstraints(max_length=300), Stored, Shown] = ""
    commit: Annotated[str, StringConstraints(pattern="^([0-9a-f]{7,64})?$")] = ""
    path: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1_000),
        Stored,
        Shown,
        AfterValidator(_relative),
    ]
    start_line: Annotated[int, Field(ge=1, le=2**31)]
    end_line: Annotated[int, Field(ge=1, le=2**31)]
    text: Annotated[Lines, StringConstraints(min_length=1, max_length=BODY_LIMIT)]
    dirty: bool | None = Field(default=None, exclude_if=_is_none)
    """True where the lines are not in the file of ``commit``: they were not committed when they
    were shared, and ``commit`` only says what they are based on. False where they are: then
    ``start_line`` and ``end_line`` count in that file. Left out where nobody has looked."""
    blob: Annotated[str, StringConstraints(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")] | None = Field(
        default=None, exclude_if=_is_none
    )
    """Git's id of the content of the file in which the lines count; left out where it is not
    known."""
    before: Context | None = Field(default=None, exclude_if=_is_none)
    """Up to three lines before the shared ones, by which they are told from others of the same
    text; at most 1,000 bytes. Left out where they are not known."""
    after: Context | None = Field(default=None, exclude_if=_is_none)
    """Up to three lines after the shared ones, as ``before``."""

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
    """Usernames of those people of the room whom it calls; nobody else is drawn as a mention."""
    reactions: dict[str, list[str]] = {}
    """Usernames by emoji, in the order of arrival."""
    code: Code | None = None
    """Lines of code that were shared with it; ``html`` shows them after the body."""


class Room(Wire):
    """A room as one person sees it.

    ``position`` is the head of the room's log, ``number`` that of its newest message, ``read``
    the number up to which this person has read.
    """

    id: UUID
    kind: RoomKind
    name: str
    members: list[str] | None = Field(default=None, exclude_if=lambda members: members is None)
    """Usernames; left out in a public room, and in ``ready`` where they would be too much."""
    member_count: int
    position: int
    number: int
    read: int
    unread: int = 0
    """Messages after ``read`` that are not the person's own, and not deleted or hidden; 0 where
    they are no member."""
    role: Role | None = None
    """The caller's role; null when they are not a member of this public room."""
    closed: bool = False
    """Closed by a moderator: it can be read, nothing can be sent."""
    put_away: bool = False
    """A direct room that the caller took off their list, until ``number`` grows."""
    favorite: bool = False
    """Among the caller's favourites, at ``me_version`` or later. What you know by ``me.changed``
    or ``me.sync`` is newer than what a ``room`` event says."""
    asked: list[str] | None = Field(default=None, exclude_if=lambda asked: not asked)
    """Usernames of strangers who have been asked and have not accepted; left out where there are
    none, and in a public room."""


class PersonalChange(Wire):
    """The newest value of one thing in a person's own log.

    Kinds: ``favorite`` (of a ``room``: true or false). Ignore kinds that you do not know.
    """

    kind: str
    room: UUID | None = Field(default=None, exclude_if=_is_none)
    """The room that it is about; left out where it is not about a room."""
    key: str | None = Field(default=None, exclude_if=_is_none)
    """Which one of its kind it is; left out where ``room`` says that."""
    value: Any
    version: int
    """Where it stands in the person's log."""


class Unread(Wire):
    """How much of a room its reader has not read, when its log is at ``position``."""

    position: int
    number: int
    read: int
    unread: int


class RoomRequest(Wire):
    """A stranger's request that the person join a room, which they cannot see before
    they accept.
    """

    room: UUID
    kind: RoomKind
    name: str
    by: str
    """The username of who asks."""
    at: datetime


class Member(Person):
    role: Role


class Revision(Wire):
    """The text of a message before an edit."""

    body: str
    replaced_at: datetime
