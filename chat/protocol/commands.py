"""What a client may ask for."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chat.protocol.limits import ATTACHMENTS_LIMIT, PAGE_LIMIT
from chat.protocol.objects import Code, Lines, Role, RoomKind, Stored, Text
from chat.protocol.replies import (
    Done,
    HistoryReply,
    InvitedReply,
    MembersReply,
    MessageReply,
    PeopleFoundReply,
    PeopleReply,
    PersonalChangeReply,
    PersonalChangesReply,
    Reply,
    RevisionsReply,
    RoomReply,
    RoomsReply,
    UnreadReply,
    UserReply,
)

Ref = Annotated[str, StringConstraints(max_length=200), Stored]
Username = Annotated[str, StringConstraints(min_length=1, max_length=150), Stored]
RoomName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Stored]


class Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reply: ClassVar[type[Reply] | None]
    """What it is answered with where it is carried out; None where it is not answered."""
    ref: Ref = ""


class Sync(Command):
    """Asks for all that changed: of each room, after the position that the client holds.

    First come, for each room that has moved, one or more ``changes``; then the reply. A room that
    you may not read is answered by ``room.removed``.
    """

    reply = Done
    type: Literal["sync"]
    rooms: Annotated[dict[UUID, Annotated[int, Field(ge=0)]], Field(max_length=1_000)]


class MessageSend(Command):
    """Sends a message. The same ``client_id`` again answers with the same message."""

    reply = MessageReply
    type: Literal["message.send"] = "message.send"
    room: UUID
    client_id: UUID
    body: Lines = ""
    attachments: Annotated[list[UUID], Field(max_length=ATTACHMENTS_LIMIT)] = []
    reply_to: UUID | None = None
    code: Code | None = None


class MessageEdit(Command):
    """Changes the text of one's own message."""

    reply = MessageReply
    type: Literal["message.edit"]
    message: UUID
    body: Lines


class MessageDelete(Command):
    """Deletes one's own message, or as a moderator of the room another's."""

    reply = MessageReply
    type: Literal["message.delete"]
    message: UUID


class MessageReact(Command):
    """Adds (``on``) or takes back one's reaction: one emoji, or a shortcode such as ``:wave:``.
    Other forms of an emoji count as the one that Unicode recommends: ❤ as ❤️."""

    reply = MessageReply
    type: Literal["message.react"]
    message: UUID
    emoji: Annotated[str, StringConstraints(min_length=1, max_length=32), Stored]
    on: bool = True


class MessageReport(Command):
    """Tells the server's moderators about a message."""

    reply = Done
    type: Literal["message.report"]
    message: UUID
    reason: Annotated[
        Lines, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)
    ]


class MessageRevisions(Command):
    """What a message said before its edits; for moderators of the room."""

    reply = RevisionsReply
    type: Literal["message.revisions"]
    message: UUID


class History(Command):
    """A page of messages, newest last: those before a number, those after one, or the newest."""

    reply = HistoryReply
    type: Literal["history"] = "history"
    room: UUID
    before: Annotated[int, Field(ge=0, le=2**53)] | None = None
    after: Annotated[int, Field(ge=0, le=2**53)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 50


class RoomOpen(Command):
    """Opens a room. A direct room that exists already is answered, not opened again.

    Whoever opens a direct room has it at once. The other person gets it with its first message,
    or when they open it too; until then they cannot tell that it exists.
    """

    reply = InvitedReply
    type: Literal["room.open"] = "room.open"
    kind: RoomKind
    name: RoomName = ""
    members: Annotated[list[Username], Field(max_length=200)] = []


class RoomJoin(Command):
    """Joins a public room."""

    reply = RoomReply
    type: Literal["room.join"]
    room: UUID


class RoomLeave(Command):
    """Leaves a private or public room. A direct room is put away instead, as by
    ``room.put_away``: two people have one for good."""

    reply = RoomReply
    type: Literal["room.leave"]
    room: UUID


class RoomAccept(Command):
    """Accepts a stranger's request: one is then a member of the room."""

    reply = RoomReply
    type: Literal["room.accept"]
    room: UUID


class RoomRefuse(Command):
    """Refuses a stranger's request. They are not told, and cannot ask again for a time."""

    reply = Done
    type: Literal["room.refuse"]
    room: UUID


class RoomPutAway(Command):
    """Takes a direct room off one's list until its next message (``on``), or puts it back."""

    reply = RoomReply
    type: Literal["room.put_away"]
    room: UUID
    on: bool = True


class RoomFavorite(Command):
    """Puts a room among one's favourites (``on``), or takes it out, on all of one's devices. What
    is so already stays as it is."""

    reply = PersonalChangeReply
    type: Literal["room.favorite"]
    room: UUID
    on: bool = True


class RoomRename(Command):
    """Renames a room; for its owners and moderators."""

    reply = RoomReply
    type: Literal["room.rename"]
    room: UUID
    name: RoomName


class RoomAdd(Command):
    """Adds people to a private or public room; for its owners and moderators. Whose request was
    withdrawn within the last 24 hours is not asked again (``rate_limited``)."""

    reply = InvitedReply
    type: Literal["room.add"]
    room: UUID
    members: Annotated[list[Username], Field(min_length=1, max_length=200)]


class RoomRemove(Command):
    """Removes a person from a room, or withdraws the request of one who has been asked into it;
    for its owners and moderators. A request that has been withdrawn cannot be accepted, and
    ``asked`` does not name the person."""

    reply = RoomReply
    type: Literal["room.remove"]
    room: UUID
    member: Username


class RoomRole(Command):
    """Gives a member another role; for the room's owners."""

    reply = RoomReply
    type: Literal["room.role"]
    room: UUID
    member: Username
    role: Role


class RoomMembers(Command):
    """The members of a room by username, a page at a time: those after the username ``after``."""

    reply = MembersReply
    type: Literal["room.members"]
    room: UUID
    after: Text = ""
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 100


class RoomRead(Command):
    """Marks a room as read up to a number, on all of the person's devices.

    The mark never goes back, nor past the newest message. It is answered when it is stored, some
    20 to 100 ms later, together with those of others.
    """

    reply = Done
    type: Literal["room.read"]
    room: UUID
    number: Annotated[int, Field(ge=0, le=2**53)]


class RoomUnread(Command):
    """How much of some of one's rooms is unread, where events do not tell: as when another device
    has read a part of what this one never saw. Rooms that one is not in are left out."""

    reply = UnreadReply
    type: Literal["room.unread"]
    rooms: Annotated[list[UUID], Field(min_length=1, max_length=1_000)]


class RoomFind(Command):
    """Open public rooms that have each word of the query in their names, a page at a time; all of
    them where it is empty. Case and accents make no difference. Those in which each word begins
    a word of the name come first. ``after`` is the last room of the page before."""

    reply = RoomsReply
    type: Literal["room.find"]
    query: Annotated[str, StringConstraints(max_length=80), Stored] = ""
    after: UUID | None = None


class PeopleFind(Command):
    """People who have each word of the query in their username or display name, a page at a time.
    Case and accents make no difference, nor an ``@`` before a word. Those in whose names each word
    begins a word come first. Suspended people are not found. ``after`` is the last username of the
    page before. Where a ``room`` is named, the reply says who of them is a member of it."""

    reply = PeopleFoundReply
    type: Literal["people.find"]
    query: Annotated[str, StringConstraints(max_length=80), Stored]
    after: Text = ""
    room: UUID | None = None


class PeopleGet(Command):
    """Display names and avatars of people by username, of suspended ones too. Of a name that nobody
    has, nothing is told."""

    reply = PeopleReply
    type: Literal["people.get"]
    usernames: Annotated[list[Username], Field(max_length=PAGE_LIMIT)]


class PersonBlock(Command):
    """Blocks a person (``on``) or takes it back. Neither of the two can then write to the other
    directly, add them to rooms or see whether they are here; nobody is told, but ``blocked`` tells
    all of one's own devices. A message that a block forbids is answered with ``forbidden``, in the
    same words for both of them."""

    reply = Done
    type: Literal["person.block"]
    username: Username
    on: bool = True


class UserUpdate(Command):
    """Changes one's own display name. It is refused when it has characters that cannot be seen or
    that turn text around, and when it is, or looks like, another person's username."""

    reply = UserReply
    type: Literal["user.update"]
    display_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Stored]


class MeSync(Command):
    """What changed for the person alone after the ``me_version`` that the client holds, 0 where it
    holds none: in order, a page at a time, each thing with its newest value."""

    reply = PersonalChangesReply
    type: Literal["me.sync"]
    after: Annotated[int, Field(ge=0, le=2**53)]


class Typing(Command):
    """Tells the room that one is typing; repeat it every 3 seconds. It has no reply."""

    reply = None
    type: Literal["typing"]
    room: UUID


class Ping(Command):
    """Answers at once."""

    reply = Done
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
    RoomPutAway,
    RoomFavorite,
    RoomAccept,
    RoomRefuse,
    RoomRename,
    RoomAdd,
    RoomRemove,
    RoomRole,
    RoomMembers,
    RoomRead,
    RoomUnread,
    RoomFind,
    PeopleFind,
    PeopleGet,
    PersonBlock,
    UserUpdate,
    MeSync,
    Typing,
    Ping,
)
