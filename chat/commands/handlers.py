"""From a command to its action: for sockets and for the HTTP API alike.

What writes to a room's log goes through the group commit, in one thread; everything else runs
in the pool. Nothing here touches the database in the event loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from pydantic import TypeAdapter

from accounts.models import User
from accounts.usernames import normalize
from chat import broadcast, permissions, protocol
from chat.actions import batches, blocks, memberships, messages, people, requests, rooms
from chat.actions.batches import Change, Job
from chat.actions.drafts import Draft, render, render_draft
from chat.concurrency.executors import run_in_db_pool
from chat.message_log.group_commit import GroupCommit
from chat.models import Message
from chat.protocol import ChatError, ErrorCode
from chat.queries import directory, relations, room_log, room_members, room_views
from chat.rendering import text
from mediachat.databases.transactions import retried
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

SHORT = 500
"""Characters up to which a text is rendered in the log's thread: the way into another and back
costs more than rendering it."""
DEAR = 3.0
"""Milliseconds by ``text.cost`` from which it is asked whether a text may be sent before it is
rendered: two queries, which the short ones need not wait for."""

Fields = dict[str, str]
"""What a reply adds, each value as JSON."""


async def execute(user: User, command: protocol.Command) -> Fields:
    """Carries out any command but ``sync`` and ``message.send`` for this person.

    Raises:
        ChatError: it cannot be done, and nothing has been changed.
    """
    if isinstance(command, protocol.MessageEdit):
        if text.is_plain(command.body):
            rendered = render(command.body)
        else:
            rendered = await run_in_db_pool(
                messages.render_edit, user, message=command.message, body=command.body
            )
        return await _change(
            command.message,
            lambda: messages.edit_message(
                user, message=command.message, body=command.body, rendered=rendered
            ),
        )
    if isinstance(command, protocol.MessageDelete | protocol.MessageReact):
        write = _CHANGES[type(command)]
        return await _change(command.message, lambda: write(user, command))
    return await run_in_db_pool(retried, _OTHERS[type(command)], user, command)


async def send(user: User, command: protocol.MessageSend) -> Message:
    """Stores a message, or finds it if this ``client_id`` has been sent before.

    Raises:
        ChatError: it cannot be sent, and nothing has been changed.
    """
    return await (await send_soon(user, command))


async def send_soon(user: User, command: protocol.MessageSend) -> "asyncio.Future[Message]":
    """Puts a message in line for the next commit; the future is the stored message.

    Raises:
        ChatError: it cannot be sent, which is asked before a text is rendered that takes long.
    """
    draft = Draft(
        user,
        command.room,
        command.client_id,
        command.body,
        command.attachments,
        command.reply_to,
        command.code,
    )
    if command.code or (len(command.body) > SHORT and not text.is_plain(command.body)):
        code = command.code.text if command.code else ""
        if text.cost(command.body, code) < DEAR:
            draft.rendered = await run_in_db_pool(render, command.body, command.code)
        else:
            draft.rendered = await run_in_db_pool(render_draft, draft)
    return _commits().submit(draft)


async def _change(message: UUID, write: Callable[[], Message]) -> Fields:
    return message_fields(await _commits().submit(Change(message, write)))


def message_fields(message: Message) -> Fields:
    return {"message": message.encoded, "position": str(message.position)}


def refusal(error: BaseException) -> ChatError:
    """What the person is told of an error; what they did not cause is logged."""
    if isinstance(error, ChatError):
        return error
    logger.error("command_failed", error=reason(error), exc_info=error)
    return ChatError(
        ErrorCode.SERVER_ERROR, "The server could not do this. It has been logged; try again."
    )


# -- What moves a room's log ------------------------------------------------------------------

_CHANGES: dict[type[protocol.Command], Callable[[User, Any], Message]] = {
    protocol.MessageDelete: lambda user, c: messages.delete_message(user, message=c.message),
    protocol.MessageReact: lambda user, c: messages.react_to_message(
        user, message=c.message, emoji=c.emoji, on=c.on
    ),
}


_group: GroupCommit[Job, Message] | None = None


def _commits() -> GroupCommit[Job, Message]:
    """The group commit of the running loop; made at the first call."""
    global _group
    if _group is None or _group.loop is not asyncio.get_running_loop():
        broadcast.start()
        _group = GroupCommit(batches.store)
    return _group


# -- Everything else, each in a thread of the pool ---------------------------------------------


def _history(user: User, command: protocol.History) -> Fields:
    page, more = room_log.history(
        user, command.room, before=command.before, after=command.after, limit=command.limit
    )
    return {"messages": f"[{','.join(page)}]", "more": _json(more)}


def _report(user: User, command: protocol.MessageReport) -> Fields:
    messages.report_message(user, message=command.message, reason=command.reason)
    return {}


def _revisions(user: User, command: protocol.MessageRevisions) -> Fields:
    revisions, more = room_log.revisions(user, command.message)
    return {"revisions": _json(revisions), "more": _json(more)}


def _open(user: User, command: protocol.RoomOpen) -> Fields:
    room, _ = rooms.open_room(user, kind=command.kind, name=command.name, members=command.members)
    return _room(user, room.pk) | _asked(room.pk, command.members)


def _join(user: User, command: protocol.RoomJoin) -> Fields:
    return _room(user, rooms.join_room(user, room=command.room).pk)


def _leave(user: User, command: protocol.RoomLeave) -> Fields:
    before = room_views.room_view(user, command.room)
    left = rooms.leave_room(user, room=command.room)
    if left.kind == protocol.RoomKind.DIRECT:
        return _room(user, left.pk)  # it is put away, and still theirs
    return {"room": before.model_dump_json()}


def _put_away(user: User, command: protocol.RoomPutAway) -> Fields:
    rooms.put_away_room(user, room=command.room, on=command.on)
    return _room(user, command.room)


def _rename(user: User, command: protocol.RoomRename) -> Fields:
    return _room(user, rooms.rename_room(user, room=command.room, name=command.name).pk)


def _add(user: User, command: protocol.RoomAdd) -> Fields:
    room = rooms.add_members(user, room=command.room, members=command.members)
    return _room(user, room.pk) | _asked(room.pk, command.members)


def _asked(room: UUID, usernames: Sequence[str]) -> Fields:
    """Those of these people who have been asked into a room instead of put into it."""
    if not settings.STRANGERS_ASK:
        return {}
    named = {normalize(name) for name in usernames}
    asked = [name for name in relations.asked_into([room])[room] if name in named]
    return {"asked": _json(asked)} if asked else {}


def _accept(user: User, command: protocol.RoomAccept) -> Fields:
    return _room(user, requests.accept_request(user, room=command.room).pk)


def _refuse(user: User, command: protocol.RoomRefuse) -> Fields:
    requests.refuse_request(user, room=command.room)
    return {}


def _remove(user: User, command: protocol.RoomRemove) -> Fields:
    return _room(user, rooms.remove_member(user, room=command.room, member=command.member).pk)


def _role(user: User, command: protocol.RoomRole) -> Fields:
    rooms.set_role(user, room=command.room, member=command.member, role=command.role)
    return _room(user, command.room)


def _members(user: User, command: protocol.RoomMembers) -> Fields:
    found, more = room_members.members(user, command.room, after=command.after, limit=command.limit)
    if not command.after and memberships.ensure_owner(command.room):
        found, more = room_members.members(
            user, command.room, after=command.after, limit=command.limit
        )
    return {"members": _json(found), "more": _json(more)}


def _read(user: User, command: protocol.RoomRead) -> Fields:
    rooms.mark_read(user, room=command.room, number=command.number)
    return {}


def _find_rooms(user: User, command: protocol.RoomFind) -> Fields:
    found, more = directory.find_rooms(user, command.query, after=command.after)
    return {"rooms": _json(found), "more": _json(more)}


def _find_people(user: User, command: protocol.PeopleFind) -> Fields:
    if command.room:
        permissions.room_for(user, command.room, permissions.Permission.READ)
    found, more = directory.find_people(command.query, after=command.after)
    fields = {"people": _json(found), "more": _json(more)}
    if command.room:
        usernames = [each.username for each in found]
        fields["members"] = _json(room_members.members_named(command.room, usernames))
    return fields


def _people(user: User, command: protocol.PeopleGet) -> Fields:
    return {"people": _json(directory.people(command.usernames))}


def _block(user: User, command: protocol.PersonBlock) -> Fields:
    change = blocks.block_person if command.on else blocks.unblock_person
    change(user, username=command.username)
    return {}


def _profile(user: User, command: protocol.UserUpdate) -> Fields:
    return {"user": _json(people.update_profile(user, display_name=command.display_name))}


def _ping(user: User, command: protocol.Ping) -> Fields:
    return {}


_OTHERS: dict[type[protocol.Command], Callable[[User, Any], Fields]] = {
    protocol.History: _history,
    protocol.MessageReport: _report,
    protocol.MessageRevisions: _revisions,
    protocol.RoomOpen: _open,
    protocol.RoomJoin: _join,
    protocol.RoomLeave: _leave,
    protocol.RoomPutAway: _put_away,
    protocol.RoomAccept: _accept,
    protocol.RoomRefuse: _refuse,
    protocol.RoomRename: _rename,
    protocol.RoomAdd: _add,
    protocol.RoomRemove: _remove,
    protocol.RoomRole: _role,
    protocol.RoomMembers: _members,
    protocol.RoomRead: _read,
    protocol.RoomFind: _find_rooms,
    protocol.PeopleFind: _find_people,
    protocol.PeopleGet: _people,
    protocol.PersonBlock: _block,
    protocol.UserUpdate: _profile,
    protocol.Ping: _ping,
}

_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


def _room(user: User, room: Any) -> Fields:
    return {"room": room_views.room_view(user, room).model_dump_json()}


def _json(value: Any) -> str:
    return _ANYTHING.dump_json(value).decode()
