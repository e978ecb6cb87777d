"""Publishes to the channel layer, as the only module, and names its groups.

Messages are notifications: a layer may drop one, and hubs then read the change from the database. A
hub receives a ``room.event``, ``user.event``, ``presence.event`` or ``person.renamed``.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from chat.message_log.entry import LogEntry, RoomChanges
from chat.protocol import MeChanged, PersonalChange, ReadEvent, RemovalReason
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

PRESENCE_GROUP = "presence"
BACKLOG = 10_000
"""Groups that may wait while the layer is slow; the oldest are dropped, as a layer would."""
JOINED = 200
"""Changes of one room in one notification; of more than these only the newest is sent, and hubs
read the others from the log."""
JOINED_SIZE = 256 * 1024
"""Characters of messages in one notification, beyond which the same is done."""
WAITING_SIZE = 32 * 1024 * 1024
"""Characters that may wait while the layer is slow; the oldest groups are dropped."""
AT_ONCE = 100
"""Groups that share a timeout."""
TIMEOUT = 5.0
"""Seconds after which a layer that does not answer is taken to have dropped the notification."""

SLOW = "more waits than is kept"

LOST: dict[str, Any] = {"type": "doorbells.lost"}
"""Tells every hub to compare everything with the database. Servers of other versions hear it too,
so its name stays."""
LOST_TIMES, LOST_EVERY = 5, 1.0
"""How often that is told, and after how many seconds each: others may be on their way back to a
layer that works again here."""


def room_group(room: UUID) -> str:
    return f"room.{room.hex}"


def user_group(user: UUID) -> str:
    return f"user.{user.hex}"


def room_changes(rooms: Sequence[RoomChanges]) -> None:
    """Publishes one commit's changes in any number of rooms: a listener of the log."""
    messages: list[GroupMessage] = []
    for each in rooms:
        event: dict[str, Any] = {
            "type": "room.event",
            "room": each.room.hex,
            "members_version": each.members_version,
            "entries": list(each.entries),
        }
        if each.writers:
            event["writers"] = {user.hex: name for user, name in each.writers.items()}
        messages.append((room_group(each.room), event))
    _send(*messages)


def room_changed_on_commit(room: UUID) -> None:
    """The room's name, members, roles or state changed."""
    _on_commit(room_group(room), {"type": "room.event", "room": room.hex, "changed": True})


def ephemeral(room: UUID, members_version: int, frame: str) -> None:
    """Publishes a frame for everyone in a room that is not part of its log."""
    _send((room_group(room), _ephemeral(room, members_version, frame=frame)))


def typing(room: UUID, members_version: int, username: str, frame: str) -> None:
    """Publishes that a person is typing in a room."""
    event = _ephemeral(room, members_version, typing=frame, user=username)
    _send((room_group(room), event))


def reads_on_commit(
    room: UUID,
    members_version: int,
    events: Mapping[UUID, ReadEvent],
    moved: Mapping[UUID, int],
) -> None:
    """How far people have read, and by how much that has grown, for their other devices and, in
    small rooms, for everyone."""
    readers = {user.hex: (event.user, event.frame()) for user, event in events.items()}
    grown = {user.hex: by for user, by in moved.items()}
    event = _ephemeral(room, members_version, readers=readers, moved=grown)
    _on_commit(room_group(room), event)


def _ephemeral(room: UUID, members_version: int, **fields: Any) -> dict[str, Any]:
    """What is no part of the log, with the membership that its sender knows: a hub that has not
    heard of this one finds out who was removed before it forwards anything."""
    return {
        "type": "room.event",
        "room": room.hex,
        "members_version": members_version,
        **fields,
    }


def rooms_changed_on_commit(*users: UUID) -> None:
    """Publishes that these people were added to a room."""
    messages: list[GroupMessage] = [
        (user_group(user), {"type": "user.event", "user": user.hex}) for user in users
    ]
    transaction.on_commit(lambda: _send(*messages))


def relations_changed_on_commit(user: UUID) -> None:
    """Publishes that a block of or by this person has changed."""
    _on_commit(user_group(user), {"type": "user.event", "user": user.hex, "relations": True})


def personal_changed_on_commit(user: UUID, change: PersonalChange) -> None:
    """Publishes a change in this person's own log."""
    version = change.version
    text = MeChanged.model_construct(version=version, changes=[change]).frame()
    event = {"type": "user.event", "user": user.hex, "me_version": version, "frame": text}
    _on_commit(user_group(user), event)


def room_changed_for_on_commit(room: UUID, user: UUID) -> None:
    """Publishes that a room changed for one of its members only."""
    event = {"type": "room.event", "room": room.hex, "changed": True, "for": user.hex}
    _on_commit(room_group(room), event)


def removed_on_commit(
    user: UUID,
    room: UUID,
    reason: RemovalReason,
    name: str | None = None,
    by: str | None = None,
) -> None:
    """Publishes, to the person only, that they may no longer read a room of this name; ``by`` is
    the username of the person who removed them.
    """
    event = {"type": "user.event", "user": user.hex, "removed": room.hex, "reason": reason.value}
    _on_commit(user_group(user), {**event, "name": name, "by": by})


def sign_out_on_commit(user: UUID, code: int, session_key: str | None = None) -> None:
    """Closes a person's sockets, or those of one session, with this close code."""
    _on_commit(
        user_group(user),
        {"type": "user.event", "user": user.hex, "close": code, "session": session_key},
    )


def renamed_on_commit(user: UUID, username: str) -> None:
    """Publishes the new name of an erased person."""
    _on_commit(PRESENCE_GROUP, {"type": "person.renamed", "user": user.hex, "username": username})


def presence(event: dict[str, Any]) -> None:
    """Publishes who is connected to this process."""
    _send((PRESENCE_GROUP, {"type": "presence.event", **event}))


GroupMessage = tuple[str, dict[str, Any]]
"""A group, and what its members are told."""


class Outage:
    """Logs once that the layer loses notifications, and once that it works again and how many were
    lost: a line for each would be one for every message."""

    def __init__(self) -> None:
        self._lost = 0

    def lose(self, count: int, why: str) -> None:
        if not self._lost:
            logger.warning("doorbell_lost", error=why)
        self._lost += count

    def end(self) -> None:
        if self._lost:
            logger.info("doorbells_ring_again", lost=self._lost)
        self._lost = 0


class Broadcaster:
    """Sends from one task, so that nobody who publishes waits for the layer.

    A group is sent to in order. What comes for a room while it waits for its turn is joined, so a
    layer that needs a millisecond for each notification keeps up with any number of messages.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._outage = Outage()
        self._lost_times = 0
        self._telling_lost: asyncio.Task[None] | None = None

    def send(self, *messages: GroupMessage) -> None:
        for group, message in messages:
            before = self._waiting.setdefault(group, [])
            self._size += _size(message)
            if before and (left_out := _join(before[-1], message)) is not None:
                self._size -= left_out
                continue
            before.append(message)
            if len(before) > JOINED:
                self._size -= _size(before.pop(0))
                self._lose(1, SLOW)
        while len(self._waiting) > BACKLOG or (
            self._size > WAITING_SIZE and len(self._waiting) > 1
        ):
            self._lose(len(self._take(next(iter(self._waiting)))), SLOW)
        if self._task is None:
            self._task = self.loop.create_task(self._run())

    async def sent(self) -> None:
        """Returns when everything queued has been sent, or the layer has not answered in time."""
        await asyncio.sleep(0)  # what other threads and this turn have said is in line then
        if self._task is not None:
            await asyncio.wait([self._task], timeout=TIMEOUT)

    def _take(self, group: str) -> list[dict[str, Any]]:
        messages = self._waiting.pop(group)
        self._size -= sum(map(_size, messages))
        return messages

    async def _run(self) -> None:
        try:
            while self._waiting:
                try:
                    await self._send_some()
                except Exception as error:
                    self._lose(1, reason(error))
        finally:
            self._task = None

    def _lose(self, count: int, why: str) -> None:
        """Has all hubs look at the database as soon as the layer works again."""
        self._outage.lose(count, why)
        self._lost_times = LOST_TIMES
        if self._telling_lost is None or self._telling_lost.done():
            self._telling_lost = self.loop.create_task(self._keep_telling_lost())

    async def _keep_telling_lost(self) -> None:
        while self._lost_times:
            await asyncio.sleep(LOST_EVERY)
            try:
                async with asyncio.timeout(TIMEOUT):
                    await get_channel_layer().group_send(PRESENCE_GROUP, LOST)
            except Exception:
                self._lost_times = LOST_TIMES
            else:
                self._lost_times -= 1
        self._outage.end()

    async def _send_some(self) -> None:
        """A timeout each would cost more than the notification; what fails is lost alone."""
        async with asyncio.timeout(TIMEOUT):
            for _ in range(min(len(self._waiting), AT_ONCE)):
                group = next(iter(self._waiting))
                for message in self._take(group):
                    await get_channel_layer().group_send(group, message)


def _join(before: dict[str, Any], message: dict[str, Any]) -> int | None:
    """Adds changes of a room to those that wait, where both rest on the same membership; returns
    how many characters were left out for that, or None where they cannot be joined."""
    if "entries" not in before or "entries" not in message:
        return None
    if before["members_version"] != message["members_version"]:
        return None
    entries = before["entries"] + message["entries"]
    size = _size_of(entries)
    if len(entries) > JOINED or size > JOINED_SIZE:
        entries = entries[-1:]
    before["entries"] = entries
    if "writers" in message:
        before["writers"] = before.get("writers", {}) | message["writers"]
    return size - _size_of(entries)


def _size(message: dict[str, Any]) -> int:
    return _size_of(message.get("entries", ())) + len(message.get("frame", ""))


def _size_of(entries: Iterable[LogEntry]) -> int:
    return sum(len(encoded) for _, _, _, encoded in entries)


_broadcaster: Broadcaster | None = None
"""That of the server in this process. The runtime starts and stops it (``chat.runtime``); it is
known here, since what is told after a commit comes from any thread, which no runtime is handed to.
"""
_outage_outside = Outage()


def start() -> Broadcaster:
    """From now on the running loop, which is the server's, sends for all threads."""
    global _broadcaster
    if _broadcaster is None or _broadcaster.loop is not asyncio.get_running_loop():
        _broadcaster = Broadcaster()
    return _broadcaster


async def stop(broadcaster: Broadcaster) -> None:
    """Ends when all that waits has been sent; what is told later goes the way from outside."""
    global _broadcaster
    await broadcaster.sent()
    if _broadcaster is broadcaster:
        _broadcaster = None


def _on_commit(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(lambda: _send((group, message)))


def _send(*messages: GroupMessage) -> None:
    if _broadcaster is not None and _broadcaster.loop.is_running():
        _broadcaster.loop.call_soon_threadsafe(_broadcaster.send, *messages)
    else:
        # A command line or a test without a server: nobody here listens, others may.
        _send_from_outside(*messages)


def _send_from_outside(*messages: GroupMessage) -> None:
    try:
        for message in messages:
            async_to_sync(get_channel_layer().group_send)(*message)
    except Exception as error:
        _outage_outside.lose(len(messages), reason(error))
    else:
        _outage_outside.end()
