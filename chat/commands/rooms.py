"""Commands about rooms and who is in them."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from accounts.models import User
from accounts.names.usernames import normalize
from chat import protocol
from chat.actions import favorites, memberships, requests, rooms
from chat.commands.registry import Runs, Socket, command
from chat.concurrency.executors import run_in_db_pool
from chat.queries import directory, relations, room_members, room_views
from chat.throttling.prices import Price
from mediachat.databases.transactions import retried

_PEOPLE_WORDS = "1 more for each 2 people"
_TELLS_EVERYONE = 5
"""Units of what tells everyone who is in the room how it looks now."""


def _people_units(command: protocol.RoomOpen | protocol.RoomAdd) -> int:
    return len(command.members) // 2


def _opening_units(command: protocol.RoomOpen) -> int:
    # How many other rooms someone opens in a day is bounded; a direct room can be asked for again.
    return 2 if command.kind == protocol.RoomKind.DIRECT else _people_units(command)


async def _come_in(socket: Socket, command: protocol.Command) -> None:
    # Before the reply, so that nothing said after it can be missed.
    await socket.refresh_rooms()


@command(
    protocol.RoomOpen,
    price=Price(1, _opening_units, f"{_PEOPLE_WORDS}, or 2 more for a direct room"),
    before_reply=_come_in,
)
def open_room(user: User, command: protocol.RoomOpen) -> protocol.InvitedReply:
    room, _ = rooms.open_room(user, kind=command.kind, name=command.name, members=command.members)
    return _invited(user, room.pk, command.members)


@command(protocol.RoomJoin, price=Price(_TELLS_EVERYONE), before_reply=_come_in)
def join(user: User, command: protocol.RoomJoin) -> protocol.RoomReply:
    return _seen(user, rooms.join_room(user, room=command.room).pk)


@command(protocol.RoomLeave, price=Price(_TELLS_EVERYONE))
def leave(user: User, command: protocol.RoomLeave) -> protocol.RoomReply:
    before = room_views.room_view(user, command.room)
    left = rooms.leave_room(user, room=command.room)
    if left.kind == protocol.RoomKind.DIRECT:
        return _seen(user, left.pk)  # it is put away, and still theirs
    return protocol.RoomReply(room=before)


@command(protocol.RoomPutAway, price=Price(2))
def put_away(user: User, command: protocol.RoomPutAway) -> protocol.RoomReply:
    rooms.put_away_room(user, room=command.room, on=command.on)
    return _seen(user, command.room)


@command(protocol.RoomFavorite, price=Price(2))
def set_favorite(user: User, command: protocol.RoomFavorite) -> protocol.PersonalChangeReply:
    change = favorites.set_favorite(user, room=command.room, on=command.on)
    return protocol.PersonalChangeReply(change=change)


@command(protocol.RoomRename, price=Price(_TELLS_EVERYONE))
def rename(user: User, command: protocol.RoomRename) -> protocol.RoomReply:
    return _seen(user, rooms.rename_room(user, room=command.room, name=command.name).pk)


@command(protocol.RoomAdd, price=Price(_TELLS_EVERYONE, _people_units, _PEOPLE_WORDS))
def add(user: User, command: protocol.RoomAdd) -> protocol.InvitedReply:
    room = rooms.add_members(user, room=command.room, members=command.members)
    return _invited(user, room.pk, command.members)


@command(protocol.RoomAccept, price=Price(_TELLS_EVERYONE), before_reply=_come_in)
def accept(user: User, command: protocol.RoomAccept) -> protocol.RoomReply:
    return _seen(user, requests.accept_request(user, room=command.room).pk)


@command(protocol.RoomRefuse, price=Price(2))
def refuse(user: User, command: protocol.RoomRefuse) -> protocol.Done:
    requests.refuse_request(user, room=command.room)
    return protocol.DONE


@command(protocol.RoomRemove, price=Price(_TELLS_EVERYONE))
def remove(user: User, command: protocol.RoomRemove) -> protocol.RoomReply:
    return _seen(user, rooms.remove_member(user, room=command.room, member=command.member).pk)


@command(protocol.RoomRole, price=Price(_TELLS_EVERYONE))
def set_role(user: User, command: protocol.RoomRole) -> protocol.RoomReply:
    rooms.set_role(user, room=command.room, member=command.member, role=command.role)
    return _seen(user, command.room)


@command(
    protocol.RoomMembers,
    price=Price(1, lambda c: c.limit // 200, "1 more for 200 at once"),
)
def members(user: User, command: protocol.RoomMembers) -> protocol.MembersReply:
    found, more = room_members.members(user, command.room, after=command.after, limit=command.limit)
    if not command.after and memberships.ensure_owner(command.room):
        found, more = room_members.members(
            user, command.room, after=command.after, limit=command.limit
        )
    return protocol.MembersReply(members=found, more=more)


@command(protocol.RoomRead, runs=Runs.EVENT_LOOP, price=Price(1))
async def mark_read(
    socket: Socket, command: protocol.RoomRead
) -> "protocol.Done | asyncio.Future[None]":
    if command.room in socket.rooms:
        return await socket.mark_read(command.room, command.number)
    await run_in_db_pool(
        retried, rooms.mark_read, socket.user, room=command.room, number=command.number
    )
    return protocol.DONE


@command(
    protocol.RoomUnread,
    runs=Runs.EVENT_LOOP,
    price=Price(1, lambda c: len(c.rooms) // 100, "1 more for each 100 of `rooms`"),
)
async def count_unread(socket: Socket, command: protocol.RoomUnread) -> protocol.UnreadReply:
    return protocol.UnreadReply(rooms=await socket.unread(command.rooms))


@command(protocol.RoomFind, price=Price(2))
def find(user: User, command: protocol.RoomFind) -> protocol.RoomsReply:
    found, more = directory.find_rooms(user, command.query, after=command.after)
    return protocol.RoomsReply(rooms=found, more=more)


def _seen(user: User, room: UUID) -> protocol.RoomReply:
    return protocol.RoomReply(room=room_views.room_view(user, room))


def _invited(user: User, room: UUID, usernames: Sequence[str]) -> protocol.InvitedReply:
    view = room_views.room_view(user, room)
    return protocol.InvitedReply(room=view, asked=_asked(room, usernames))


def _asked(room: UUID, usernames: Sequence[str]) -> list[str] | None:
    """Those of these people who have been asked into a room instead of put into it."""
    if not settings.STRANGERS_ASK:
        return None
    named = {normalize(name) for name in usernames}
    return [name for name in relations.asked_into([room])[room] if name in named] or None
