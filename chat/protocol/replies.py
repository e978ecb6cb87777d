"""The replies to commands. Each command names its reply (``commands.Command.reply``)."""

import json
from typing import Any, Generic, TypeVar, get_args
from uuid import UUID

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from chat.protocol.objects import (
    Me,
    Member,
    Message,
    Person,
    PersonalChange,
    Revision,
    Room,
    Unread,
    Wire,
)

T = TypeVar("T")


class Encoded(str, Generic[T]):
    """A ``T`` as JSON text, which is encoded once and joined into each frame that contains it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (model,) = get_args(source)
        decoded = handler.generate_schema(model)
        return core_schema.json_or_python_schema(
            json_schema=decoded,
            python_schema=core_schema.union_schema(
                [core_schema.is_instance_schema(cls), decoded], mode="left_to_right"
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(_decoded),
        )


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, Encoded) else value


def _is_none(value: object) -> bool:
    return value is None


class Reply(Wire):
    """The reply to a successful command."""

    def encoded(self) -> str:
        """The fields as one JSON object."""
        return self.model_dump_json()

    def frame(self, ref: str) -> str:
        """The reply as the text of a frame; ``ref`` is that of the command."""
        fields = self.encoded()[1:]
        comma = "," if fields != "}" else ""
        return f'{{"type":"reply","ref":{json.dumps(ref)}{comma}{fields}'


class Done(Reply):
    """The command succeeded, and there is nothing to add."""

    def encoded(self) -> str:
        return "{}"


DONE = Done()


class MessageReply(Reply):
    """The message in its current state."""

    message: Encoded[Message]
    position: int
    """The position of this state of the message."""

    def encoded(self) -> str:
        return f'{{"message":{self.message},"position":{self.position}}}'


class HistoryReply(Reply):
    """A page of messages, newest last. Large messages make a page end before ``limit``."""

    messages: list[Encoded[Message]]
    more: bool
    """Whether there are further ones in the direction asked for."""

    def encoded(self) -> str:
        more = "true" if self.more else "false"
        return f'{{"messages":[{",".join(self.messages)}],"more":{more}}}'


class RevisionsReply(Reply):
    """The texts of a message before its edits."""

    revisions: list[Revision]
    """The last ones before now, oldest first."""
    more: bool
    """Whether there are older ones."""


class RoomReply(Reply):
    """The room as the person sees it now."""

    room: Room


class InvitedReply(RoomReply):
    """The room, and which of the named people were asked instead of added."""

    asked: list[str] | None = Field(default=None, exclude_if=_is_none)
    """Where the server has strangers asked: usernames of those named who are no members yet. They
    are when they accept. Left out where there are none."""


class MembersReply(Reply):
    """A page of a room's members."""

    members: list[Member]
    more: bool
    """Whether there are further ones."""


class UnreadReply(Reply):
    """The numbers of unread messages of rooms."""

    rooms: dict[UUID, Unread]
    """By the ids of the rooms."""


class RoomsReply(Reply):
    """A page of rooms that were found."""

    rooms: list[Room]
    """At most 20."""
    more: bool
    """Whether there are further ones."""


class PeopleFoundReply(Reply):
    """A page of people who were found."""

    people: list[Person]
    """At most 20."""
    more: bool
    """Whether there are further ones."""
    members: list[str] | None = Field(default=None, exclude_if=_is_none)
    """Usernames of those of them who are in the room; left out where no room is named."""


class PeopleReply(Reply):
    """People by username."""

    people: list[Person]


class PersonalChangeReply(Reply):
    """The current value of one thing in the person's own log. ``version`` is 0 if it
    never changed.
    """

    change: PersonalChange


class PersonalChangesReply(Reply):
    """A page of a person's own log."""

    changes: list[PersonalChange]
    """At most 500, in the order of their versions, some of which may be missing: what changed
    again is told with its newest version."""
    version: int
    """The ``me_version`` that you hold with these."""
    more: bool
    """Whether there are further ones, after ``version``."""
    reset: bool
    """True where the log ends before ``after``, as in a database that was restored: forget what you
    hold. These changes are the first ones."""


class UserReply(Reply):
    """The person's own profile, with the current name."""

    user: Me


REPLIES: tuple[type[Reply], ...] = (
    Done,
    MessageReply,
    HistoryReply,
    RevisionsReply,
    RoomReply,
    InvitedReply,
    MembersReply,
    UnreadReply,
    RoomsReply,
    PeopleFoundReply,
    PeopleReply,
    PersonalChangeReply,
    PersonalChangesReply,
    UserReply,
)
