"""The commands that a client can send."""

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
    """Requests everything that changed: in each room, after the position that the client holds.

    First come, for each room that has moved, one or more ``changes``; then the reply. For a room
    that you may not read comes ``room.removed``.
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
    Other forms of an emoji count as the one that Unicode recommends: ❤ as ❤️.
    """

    reply = MessageReply
    type: Literal["message.react"]
    message: UUID
    emoji: Annotated[str, StringConstraints(min_length=1, max_length=32), Stored]
    on: bool = True


class MessageReport(Command):
    """Reports a message to the server's moderators."""

    reply = Done
    type: Literal["message.report"]
    message: UUID
    reason: Annotated[
        Lines, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)
    ]


class MessageRevisions(Command):
    """Returns the former texts of an edited message; for moderators of the room."""

    reply = RevisionsReply
    type: Literal["message.revisions"]
    message: UUID


class History(Command):
    """Returns a page of messages, newest last: those before a number, those after one, or the
    newest.
    """

    reply = HistoryReply
    type: Literal["history"] = "history"
    room: UUID
    before: Annotated[int, Field(ge=0, le=2**53)] | None = None
    after: Annotated[int, Field(ge=0, le=2**53)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 50


class RoomOpen(Command):
    """Opens a room. If a direct room exists already, it is returned instead of opening another.

    The person who opens a direct room has it at once. The other gets it with the first message,
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
    """Leaves a private or public room. A direct room is only hidden instead, as by
    ``room.put_away``: two people keep it for good.
    """

    reply = RoomReply
    type: Literal["room.leave"]
    room: UUID


class RoomAccept(Command):
    """Accepts a stranger's request to join a room, and becomes a member."""

    reply = RoomReply
    type: Literal["room.accept"]
    room: UUID


class RoomRefuse(Command):
    """Refuses a stranger's request. They are not notified, and cannot send another for a time."""

    reply = Done
    type: Literal["room.refuse"]
    room: UUID


class RoomPutAway(Command):
    """Hides a direct room from one's list until its next message (``on``), or shows it again."""

    reply = RoomReply
    type: Literal["room.put_away"]
    room: UUID
    on: bool = True


class RoomFavorite(Command):
    """Adds a room to one's favourites (``on``), or removes it, on all of one's devices. Without a
    change, nothing happens.
    """

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
    """Adds people to a private or public room; for its owners and moderators. A person whose
    request was withdrawn within the last 24 hours cannot be asked again (``rate_limited``).
    """

    reply = InvitedReply
    type: Literal["room.add"]
    room: UUID
    members: Annotated[list[Username], Field(min_length=1, max_length=200)]


class RoomRemove(Command):
    """Removes a person from a room, or withdraws a request to join it; for its owners and
    moderators. A withdrawn request cannot be accepted, and ``asked`` no longer names the person.
    """

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
    """Returns the members of a room by username, a page at a time: those after the username
    ``after``.
    """

    reply = MembersReply
    type: Literal["room.members"]
    room: UUID
    after: Text = ""
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 100


class RoomRead(Command):
    """Marks a room as read up to a number, on all of the person's devices.

    The mark never moves back, nor past the newest message. The reply comes when it is stored, some
    20 to 100 ms later, together with those of others.
    """

    reply = Done
    type: Literal["room.read"]
    room: UUID
    number: Annotated[int, Field(ge=0, le=2**53)]


class RoomUnread(Command):
    """Returns how much of some of one's rooms is unread, where events do not show it: as when
    another device has read a part of what this one never saw. Leaves out rooms of which one is not
    a member.
    """

    reply = UnreadReply
    type: Literal["room.unread"]
    rooms: Annotated[list[UUID], Field(min_length=1, max_length=1_000)]


class RoomFind(Command):
    """Returns open public rooms whose names contain each word of the query, a page at a time; all
    of them for an empty query. Case and accents make no difference. Rooms in which each word begins
    a word of the name come first. ``after`` is the last room of the previous page.
    """

    reply = RoomsReply
    type: Literal["room.find"]
    query: Annotated[str, StringConstraints(max_length=80), Stored] = ""
    after: UUID | None = None


class PeopleFind(Command):
    """Returns people whose username or display name contains each word of the query, a page at a
    time. Case and accents make no difference, nor an ``@`` before a word. People in whose names
    each word begins a word come first. Suspended people are left out. ``after`` is the last
    username of the previous page. If ``room`` is given, the reply says who of them is a member of
    it.
    """

    reply = PeopleFoundReply
    type: Literal["people.find"]
    query: Annotated[str, StringConstraints(max_length=80), Stored]
    after: Text = ""
    room: UUID | None = None


class PeopleGet(Command):
    """Returns display names and avatars of people by username, including suspended ones. Leaves out
    names that do not exist.
    """

    reply = PeopleReply
    type: Literal["people.get"]
    usernames: Annotated[list[Username], Field(max_length=PAGE_LIMIT)]


class PersonBlock(Command):
    """Blocks a person (``on``) or unblocks them. Neither of the two can then write to the other
    directly, add them to rooms or see whether they are online; the other is not notified, but all
    of one's own devices get ``blocked``. A message that a block forbids is answered with
    ``forbidden``, in the same words for both of them.
    """

    reply = Done
    type: Literal["person.block"]
    username: Username
    on: bool = True


class UserUpdate(Command):
    """Changes one's own display name. The name is refused if it has invisible characters or ones
    that change the direction of text, and if it is, or looks like, another person's username.
    """

    reply = UserReply
    type: Literal["user.update"]
    display_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Stored]


class MeSync(Command):
    """Returns what changed for the person alone after the ``me_version`` that the client holds, or
    0: in order, a page at a time, each thing with its newest value.
    """

    reply = PersonalChangesReply
    type: Literal["me.sync"]
    after: Annotated[int, Field(ge=0, le=2**53)]


class Typing(Command):
    """Shows the room that one is typing; repeat it every 3 seconds. It has no reply."""

    reply = None
    type: Literal["typing"]
    room: UUID


class Ping(Command):
    """Returns at once, to test the connection."""

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
