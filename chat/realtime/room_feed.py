"""Forwards one room's changes in one process: in order, once, to everyone who follows it.

The channel layer may drop, repeat and reorder. A change that follows the tail is forwarded
unchanged; anything else makes the feed read the log after its tail, once for everyone.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

import structlog

from accounts.models import User
from chat import protocol
from chat.concurrency.coalescer import Coalescer
from chat.concurrency.executors import run_in_db_pool
from chat.message_log.entry import LogEntry
from chat.protocol import RemovalReason
from chat.queries import room_log, room_members, room_views
from chat.queries.room_views import RoomView
from chat.realtime import socket_writer
from chat.realtime.recent_changes import RECENT_SIZE, RecentChanges, RecentChangesMemory
from chat.realtime.socket_writer import SocketWriter
from mediachat.monitoring.logs import reason
from mediachat.monitoring.metrics import LOG_READS

logger = structlog.get_logger(__name__)

FIRST_MESSAGES = 20
"""The most messages of a new direct room that are sent as live ones."""
RESET_AFTER = 5_000
"""Positions behind which a client pages its history again rather than receiving each change."""


class Connection(Protocol):
    """The interface of a WebSocket that feeds and hubs use."""

    user: User
    session_key: str
    address: str
    rooms: set[UUID]
    socket: SocketWriter


class RoomFeed:
    """A room with connections. ``tail`` is None until the log's head has been read."""

    def __init__(
        self,
        room: UUID,
        flush_soon: "Callable[[RoomFeed], None]",
        memory: RecentChangesMemory | None = None,
        members_changed: Callable[[UUID, int], None] = lambda room, members_version: None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self.room = room
        self.connections: dict[Connection, None] = {}
        self.tail: RecentChanges | None = None
        self.members_version = 0
        """The membership that ``connections`` are known to agree with."""
        self.announced = 0
        """The position of the last ``heads``."""
        self.started_at = 0.0
        """When it began, by the loop's clock: what was read later than that misses nothing."""
        self.has_healed = False
        """Whether it missed notifications, which may have told of new writers."""
        self.idle_since: float | None = None
        """When a heartbeat found nobody here, by the loop's clock."""
        self.blocked = False
        """A direct room in which one of the two has blocked the other."""
        self._flush_soon = flush_soon
        self._memory = memory
        self._members_changed = members_changed
        self._failed = failed
        self._telling = Coalescer(self._tell_changed, failed)
        self._untold: set[UUID] = set()
        self._pending: list[str] = []
        self._heard = 0
        self._healing: asyncio.Task[None] | None = None
        self._extending: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        return self.tail.position if self.tail else 0

    @property
    def has_untold(self) -> bool:
        """Whether the room changed, and somebody here could not be told how."""
        return bool(self._untold)

    def start(self, head: room_log.Head) -> None:
        """Begins at the head of the log as it was read."""
        self.started_at = asyncio.get_running_loop().time()
        self.tail = RecentChanges(self.room, head.position, head.number, self._memory)
        self.announced = head.position
        self.members_version = head.members_version

    # -- Following -----------------------------------------------------------------------------

    def attach(self, connection: Connection, view: RoomView) -> None:
        """From now on the connection follows this room, from the position that ``view`` tells."""
        self.flush()
        self.seen(view)
        self.blocked = view.blocked
        # Whoever was removed since we looked is found when the next event carries the newer
        # version, so the feed may not claim to know of it.
        self.members_version = min(self.members_version, view.members_version)
        self.connections[connection] = None
        connection.rooms.add(self.room)

    def introduce(self, connection: Connection, view: RoomView) -> None:
        """Sends a connection a room that is new to it, and follows the room from there.

        A direct room comes with its first message, which is news like any other: it is told as it
        stood before its messages, and they after it.
        """
        self.attach(connection, view)
        messages = self.tail.whole() if self.tail and self.has_just_begun(view) else []
        if messages:
            view.at(0, 0)
        events = [protocol.RoomEvent(room=view.room).frame()]
        events += (protocol.message_frame(self.room, *message) for message in messages)
        connection.socket.write(socket_writer.frame(protocol.joined(events)))

    def has_just_begun(self, view: RoomView) -> bool:
        """Whether this is a direct room with a few messages, of which its person has read none."""
        is_new = view.room.read == 0 and view.put_away is None
        is_direct = view.room.kind == protocol.RoomKind.DIRECT
        return is_direct and is_new and 0 < self.position <= FIRST_MESSAGES

    def seen(self, view: RoomView) -> protocol.Room:
        """The room as someone sees it who has been told all that this feed has."""
        if self.tail:
            view.at(self.tail.position, max(view.room.number, self.tail.number))
        return view.room

    def detach(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        connection.rooms.discard(self.room)

    def remove(
        self,
        connection: Connection,
        reason: RemovalReason,
        name: str | None = None,
        by: str | None = None,
    ) -> None:
        """Sends a connection that it was removed, and stops forwarding the room to it."""
        if connection not in self.connections:
            return
        self.flush()
        self.detach(connection)
        event = protocol.RoomRemoved(room=self.room, reason=reason, name=name, by=by)
        connection.socket.write(socket_writer.frame(event.frame()))

    def _keep_only(self, asked: set[UUID], allowed: Collection[UUID]) -> None:
        """Removes those of the people asked about who may not read the room any more."""
        for connection in list(self.connections):
            if connection.user.pk in asked and connection.user.pk not in allowed:
                self.remove(connection, RemovalReason.REMOVED)

    def _agree(self, members_version: int, asked: set[UUID]) -> None:
        """Claims to know of this membership, unless someone came in who was not asked about."""
        self._members_changed(self.room, members_version)
        if all(connection.user.pk in asked for connection in self.connections):
            self.members_version = max(self.members_version, members_version)

    # -- Forwarding ----------------------------------------------------------------------------

    def hear(self, members_version: int, entries: Sequence[LogEntry]) -> None:
        """Handles a notification of changes.

        A layer may make lists of log entries, so they are only taken apart here: to make entries
        of them again would cost a fifth of hearing a change.
        """
        tail = self.tail
        if tail is None:
            return  # whoever is coming in reads the log after having subscribed
        if members_version > self.members_version or self._healing:
            self._heal_up_to(entries[-1])
            return
        for entry in entries:
            position, _, _, encoded = entry
            if position == tail.position + 1:
                tail.take(entry)
                self._pending.append(protocol.message_frame(self.room, position, encoded))
            elif position > tail.position:
                self._heal_up_to(entries[-1])
                break
        self._flush_soon(self)

    def send(self, text: str, *, but: Collection[UUID] = ()) -> None:
        """Sends a frame to everyone here except these people, in order with the changes."""
        if but:
            self.flush()
            frame = socket_writer.frame(text)
            for connection in self.connections:
                if connection.user.pk not in but:
                    connection.socket.write(frame)
            return
        self._pending.append(text)
        self._flush_soon(self)

    def flush(self) -> None:
        """Writes what is pending, as one frame, to everyone here."""
        if not self._pending:
            return
        frame = socket_writer.frame(protocol.joined(self._pending))
        self._pending = []
        for connection in self.connections:
            connection.socket.write(frame)

    def tell_changed(self, user: UUID | None = None) -> "asyncio.Task[None]":
        """Sends each member here, or this one, how they see the room now."""
        self._untold |= {user} if user else {each.user.pk for each in self.connections}
        return self._telling.run()

    async def _tell_changed(self) -> None:
        asked, self._untold = self._untold, set()
        try:
            members_version, seen = await run_in_db_pool(room_views.seen_among, self.room, asked)
        except Exception:
            self._untold |= asked
            raise
        self._keep_only(asked, seen)
        self._agree(members_version, asked)
        self.flush()
        frames: dict[UUID, socket_writer.Frame] = {}
        encode = None
        for user, room in seen.items():
            if self.tail:
                room.position = self.tail.position
                if (more := self.tail.number - room.number) > 0:
                    room.number, room.put_away = self.tail.number, False
                    room.unread += more
            encode = encode or protocol.room_encoder(room)
            frames[user] = socket_writer.frame(encode(room))
        for connection in self.connections:
            if frame := frames.get(connection.user.pk):
                connection.socket.write(frame)

    # -- Healing -------------------------------------------------------------------------------

    async def heal(self, position: int) -> None:
        """Advances the tail to at least this position, if the log can be read."""
        await asyncio.wait([self._heal_soon(position)])

    def _heal_up_to(self, newest: Iterable[Any]) -> None:
        self._heal_soon(LogEntry._make(newest).position)

    def _heal_soon(self, position: int) -> "asyncio.Task[None]":
        self._heard = max(position, self._heard)
        if self._healing is None:
            self._healing = asyncio.get_running_loop().create_task(self._read_log())
        return self._healing

    async def _read_log(self) -> None:
        try:
            while self.tail and await self._read_page(self.tail):
                pass
        except Exception as error:
            logger.warning("log_unreadable", room=str(self.room), error=reason(error))
            self._failed()
        finally:
            self._heard = 0
            self._healing = None

    async def _read_page(self, tail: RecentChanges) -> bool:
        """Reads on after the tail, and who may still read; returns whether there is more."""
        asked = {connection.user.pk for connection in self.connections}
        LOG_READS.inc()
        version, allowed, entries, more = await run_in_db_pool(
            _log_after, self.room, tail.position, asked
        )
        self._keep_only(asked, allowed)
        if version > self.members_version:
            # What told of the change may be lost, and nothing asks again once this is agreed on.
            self.tell_changed()
        self._agree(version, asked)
        if not entries:
            return False
        self.has_healed = True
        whole = True
        for entry in entries:
            if whole := whole and entry.position == tail.position + 1:
                self._pending.append(
                    protocol.message_frame(self.room, entry.position, entry.encoded)
                )
            tail.take(entry)
        if not whole:
            # A message that moved on left a hole. Only the answer to a client's own ``sync`` may
            # jump over it, since ``changes`` does not say from where; so each is made to ask.
            self._pending.append(protocol.Heads(rooms={self.room: tail.position}).frame())
        self.flush()
        return more or tail.position < self._heard

    # -- Sync ----------------------------------------------------------------------------------

    def reads_log(self, position: int) -> bool:
        """Returns whether bringing a client at ``position`` up to date needs the database."""
        if self.tail is None or position > self.position:
            return True
        return self.position - RESET_AFTER <= position < self.tail.since

    async def changes(self, connection: Connection, position: int) -> str | None:
        """Returns the event that brings a client at ``position`` up to date, or None."""
        if position > self.position:
            await self.heal(position)
        elif self.tail and self.position - RESET_AFTER <= position < self.tail.since:
            await self._extend_back(self.tail)
        page = None
        if self.tail and self.position - RESET_AFTER <= position < self.tail.since:
            page = await self._old_changes(position)
        # Asked after the waiting, in which the person may have been removed.
        if connection not in self.connections or self.tail is None:
            return protocol.RoomRemoved(room=self.room, reason=RemovalReason.NOT_FOUND).frame()
        if page:
            return page
        if not self.position - RESET_AFTER <= position <= self.position:
            return protocol.changes_frame(self.room, [], self.position, reset=True)
        self.flush()
        return self.tail.changes_after(position) if position < self.position else None

    def span_back(self, position: int, least: int) -> tuple[int, int] | None:
        """What has to be read of the log for someone who stands at ``position``, after where and
        up to where, and at least so many; None if nothing, or too much for the tail to hold."""
        if self.tail is None or position >= self.tail.since:
            return None
        until = self.tail.since
        room_left = self.tail.free
        if until - position > room_left:
            return None
        return max(0, min(position, until - min(least, room_left))), until

    def take_back(self, entries: Sequence[LogEntry], after: int, until: int) -> None:
        """Takes what was read of that span, unless the tail has changed at its end meanwhile."""
        if self.tail and self.tail.since == until:
            self.tail.extend_back(entries, after)

    async def _extend_back(self, tail: RecentChanges) -> None:
        """Reads the last changes before those that are held, once for all who ask meanwhile."""
        if self._extending is None:
            self._extending = asyncio.get_running_loop().create_task(self._read_back(tail))
        await asyncio.shield(self._extending)

    async def _read_back(self, tail: RecentChanges) -> None:
        try:
            until, wanted = tail.since, tail.free
            if wanted > 0:
                LOG_READS.inc()
                found, more = await run_in_db_pool(
                    room_log.newest_changes,
                    self.room,
                    until=until,
                    limit=wanted,
                    size=RECENT_SIZE,
                )
                # Meanwhile the tail may have dropped what stood between these and the rest.
                if tail.since == until:
                    tail.extend_back(found, found[0].position - 1 if more else 0)
        finally:
            self._extending = None

    async def _old_changes(self, position: int) -> str:
        """A page from the log for one who has been away for long."""
        LOG_READS.inc()
        page, more = await run_in_db_pool(
            room_log.changes, self.room, after=position, limit=protocol.PAGE_LIMIT
        )
        until = page[-1].position if page else position
        messages = [entry.encoded for entry in page]
        return protocol.changes_frame(self.room, messages, until, more=more)


def _log_after(
    room: UUID, tail: int, users: set[UUID]
) -> tuple[int, set[UUID], list[LogEntry], bool]:
    # Who may read is asked before what is read: whoever is removed in between gets nothing.
    version = room_members.members_version(room)
    allowed = room_members.members_among(room, users)
    entries, more = room_log.changes(room, after=tail, limit=protocol.PAGE_LIMIT)
    return version, allowed, entries, more
