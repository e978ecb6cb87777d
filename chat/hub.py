"""One per process: brings each room's changes, in order and without a gap, to its sockets.

The channel layer rings, the database knows. A hub subscribes once to each room that someone
here is in. A change that follows the feed's tail is forwarded as it came; anything else makes
the hub read the log after the tail, once for all its members. Every heartbeat it compares its
tails, memberships and sessions with the database, so whatever the layer dropped is healed.
"""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Coroutine, Iterable
from typing import Any, Protocol
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from django.conf import settings

from accounts.models import User
from accounts.sessions import live_sessions
from chat import limits, payloads, protocol, publish, queries
from chat.feed import RECENT, Feed
from chat.presence import Presence
from chat.protocol import CloseCode
from chat.socket import Socket, frame
from chat.threads import in_thread

log = structlog.get_logger(__name__)

FLUSH_INTERVAL = 0.01
"""Seconds for which changes may wait to be joined into one frame, while others were just sent."""
SUBSCRIBE_LIMIT = 2.0
"""Seconds to wait for the channel layer; the heartbeat heals what is not heard meanwhile."""
READERS_TOLD = 50
"""In rooms with more connections than this, only a reader's own devices hear of their reading."""
BUCKETS = 10_000
"""People whose rate limits are remembered after they have gone."""
RESET_AFTER = 5_000
"""Positions behind which a client pages its history again rather than being told each change."""


class Connection(Protocol):
    """What a hub needs to know of a socket."""

    user: User
    session_key: str
    address: str
    rooms: set[UUID]
    socket: Socket


class Hub:
    """The feeds and the people of this process. All methods run in its event loop."""

    def __init__(self) -> None:
        self.feeds: dict[UUID, Feed] = {}
        self.people: defaultdict[UUID, dict[Connection, None]] = defaultdict(dict)
        self.addresses: Counter[str] = Counter()
        self.buckets: dict[UUID, limits.Bucket] = {}
        self.presence = Presence(self)
        self._loop = asyncio.get_running_loop()
        self._groups: set[str] = {publish.PRESENCE_GROUP}
        self._channel: str | None = None
        self._listening = asyncio.Event()
        self._dirty: dict[Feed, None] = {}
        self._flushed_at = 0.0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._digests: dict[UUID, queries.Digest] = {}
        self._healing: dict[UUID, asyncio.Task[None]] = {}
        self._heard: dict[UUID, int] = {}
        self._extending: dict[UUID, asyncio.Task[None]] = {}
        publish.start()
        self._tasks = [
            self._loop.create_task(self._listen()),
            self._loop.create_task(self._beat()),
        ]

    # -- Coming and going ----------------------------------------------------------------------

    async def enter(self, connection: Connection) -> None:
        """Takes a connection in and writes its ``ready``.

        Subscribes first and reads then: what happens in between comes through the layer.
        """
        user = connection.user
        first = user.pk not in self.people
        self.people[user.pk][connection] = None
        self.addresses[connection.address] += 1
        await self._subscribe([publish.user_group(user.pk)])
        views = await self._follow(user)
        if not connection.socket.is_open:
            return
        # No await from here on: nothing can come between the positions in ``ready`` and the
        # first change that the connection is forwarded.
        for view in views:
            self._attach(connection, view)
        rooms = [view.room for view in views]
        ready = protocol.Ready.model_construct(
            protocol=protocol.VERSION,
            user=payloads.me(user),
            rooms=rooms,
            online=self.presence.among(rooms),
            heartbeat=settings.HEARTBEAT,
        )
        connection.socket.write(frame(ready.frame()))
        if first:
            self.presence.came(user.username, connection.rooms)

    def has_place_for(self, user: UUID, address: str) -> bool:
        """Whether this person may open one more socket, and this address."""
        if not settings.RATE_LIMITS:
            return True
        return (
            len(self.people.get(user, ())) < settings.SOCKETS_PER_PERSON
            and self.addresses[address] < settings.SOCKETS_PER_ADDRESS
        )

    def leave(self, connection: Connection) -> None:
        """Forgets a connection."""
        for room in list(connection.rooms):
            self._detach(connection, room)
        user = connection.user
        here = self.people.get(user.pk)
        if here is None or connection not in here:
            return
        del here[connection]
        self.addresses[connection.address] -= 1
        if not self.addresses[connection.address]:
            del self.addresses[connection.address]
        if not here:
            del self.people[user.pk]
            self._digests.pop(user.pk, None)
            self.presence.went(user.username)
            self._unsubscribe(publish.user_group(user.pk))

    def dismiss(self, connection: Connection, code: int) -> None:
        """Closes a connection; nothing more is forwarded to it from here on."""
        self.leave(connection)
        connection.socket.close(code)

    def bucket(self, user: UUID) -> limits.Bucket:
        """The rate limit that all sockets of a person share."""
        if user not in self.buckets:
            if len(self.buckets) > BUCKETS:
                self.buckets = {id: self.buckets[id] for id in self.people if id in self.buckets}
            self.buckets[user] = limits.frames()
        return self.buckets[user]

    # -- Following rooms -----------------------------------------------------------------------

    async def _follow(self, user: User) -> list[queries.RoomView]:
        """Has feeds for all of someone's rooms, up to date, and returns the rooms."""
        # The digest comes first: should it be older than the rooms, the heartbeat looks again.
        ids, self._digests[user.pk] = await in_thread(queries.membership_digest, user.pk)
        fresh = [id for id in ids if id not in self.feeds]
        for id in fresh:
            self.feeds[id] = Feed(id)
        await self._subscribe([publish.room_group(id) for id in fresh])
        views = await in_thread(queries.rooms_of, user, only=ids)
        for view in views:
            feed = self.feeds.setdefault(view.room.id, Feed(view.room.id))
            if feed.tail is None:
                feed.start(view.room.position, view.room.number, view.members_version)
            elif feed.tail < view.room.position:
                await self._heal(feed, view.room.position)
        return views

    def _attach(self, connection: Connection, view: queries.RoomView) -> None:
        """From now on the connection follows this room, from the position that it is told."""
        room, feed = view.room, self.feeds[view.room.id]
        self._flush(feed)
        room.position, room.number = feed.tail or 0, max(room.number, feed.number)
        # Whoever was removed since we looked is found when the next event carries the newer
        # version, so the feed may not claim to know of it.
        feed.members_version = min(feed.members_version, view.members_version)
        feed.connections[connection] = None
        connection.rooms.add(room.id)

    def _detach(self, connection: Connection, room: UUID) -> None:
        connection.rooms.discard(room)
        if feed := self.feeds.get(room):
            feed.connections.pop(connection, None)

    async def refresh_rooms(self, user: UUID) -> None:
        """Finds out which rooms someone is in now, and tells their sockets what changed."""
        if user not in self.people:
            return
        views = await self._follow(next(iter(self.people[user])).user)
        now = {view.room.id for view in views}
        for connection in list(self.people.get(user, ())):
            for view in views:
                if view.room.id not in connection.rooms:
                    self._attach(connection, view)
                    connection.socket.write(frame(protocol.RoomEvent(room=view.room).frame()))
            for gone in connection.rooms - now:
                self._remove(connection, gone, "removed")
            self.presence.moved(connection.user.username, now)

    def _remove(self, connection: Connection, room: UUID, reason: str) -> None:
        """Tells a connection that it is out of a room; nothing of it is forwarded any more."""
        if room not in connection.rooms:
            return
        self._flush(self.feeds[room])
        self._detach(connection, room)
        event = protocol.RoomRemoved(room=room, reason=reason)
        connection.socket.write(frame(event.frame()))

    def _keep_only(self, feed: Feed, asked: set[UUID], allowed: Collection[UUID]) -> None:
        """Removes those of the people asked about who may not read the room any more."""
        for connection in list(feed.connections):
            if connection.user.pk in asked and connection.user.pk not in allowed:
                self._remove(connection, feed.room, "removed")

    # -- Forwarding ----------------------------------------------------------------------------

    def _on_room_event(self, event: dict[str, Any]) -> None:
        feed = self.feeds.get(UUID(event["room"]))
        if feed is None or feed.tail is None:
            return  # whoever is coming in reads after having subscribed
        if "entries" in event:
            self._on_entries(feed, event["members_version"], event["entries"])
        elif "reader" in event:
            self._on_read(feed, UUID(event["reader"]), event["frame"])
        elif "frame" in event:
            self._send(feed, event["frame"])
        elif "changed" in event:
            self._start(self._tell_changed(feed))

    def _on_entries(self, feed: Feed, members_version: int, entries: list[publish.Entry]) -> None:
        if members_version > feed.members_version or feed.room in self._healing:
            self._heal_soon(feed, entries[-1][0])
            return
        for entry in entries:
            if feed.follows(entry[0]):
                feed.take(entry)
            elif entry[0] > (feed.tail or 0):
                self._heal_soon(feed, entries[-1][0])
                break
        self._flush_soon(feed)

    def _on_read(self, feed: Feed, reader: UUID, text: str) -> None:
        if len(feed.connections) <= READERS_TOLD:
            self._send(feed, text)
            return
        for connection in self.people.get(reader, ()):
            connection.socket.write(frame(text))

    def _send(self, feed: Feed, text: str) -> None:
        feed.pending.append(text)
        self._flush_soon(feed)

    def tell(self, rooms: Iterable[UUID], text: str) -> None:
        """Sends a frame to everyone who is here in any of these rooms."""
        for room in rooms:
            if feed := self.feeds.get(room):
                self._send(feed, text)

    async def _tell_changed(self, feed: Feed) -> None:
        """Tells each member here how the room looks for them."""
        asked = {connection.user.pk for connection in feed.connections}
        members_version, seen = await in_thread(queries.seen_among, feed.room, asked)
        self._keep_only(feed, asked, seen)
        feed.members_version = max(feed.members_version, members_version)
        self._flush(feed)
        for connection in feed.connections:
            if room := seen.get(connection.user.pk):
                room.position, room.number = feed.tail or 0, max(feed.number, room.number)
                connection.socket.write(frame(protocol.RoomEvent(room=room).frame()))

    def _flush_soon(self, feed: Feed) -> None:
        """Sends at once when it has been quiet, else joins what comes within the interval."""
        if not feed.pending:
            return
        self._dirty[feed] = None
        if self._flush_timer is None:
            wait = max(0.0, self._flushed_at + FLUSH_INTERVAL - self._loop.time())
            self._flush_timer = self._loop.call_later(wait, self._flush_dirty)

    def _flush_dirty(self) -> None:
        self._flush_timer = None
        dirty, self._dirty = self._dirty, {}
        for feed in dirty:
            feed.flush()
        self._flushed_at = self._loop.time()

    def _flush(self, feed: Feed) -> None:
        self._dirty.pop(feed, None)
        feed.flush()

    # -- Healing -------------------------------------------------------------------------------

    def _heal_soon(self, feed: Feed, position: int) -> None:
        self._heard[feed.room] = max(position, self._heard.get(feed.room, 0))
        if feed.room not in self._healing:
            task = self._loop.create_task(self._read_log(feed))
            self._healing[feed.room] = task
            task.add_done_callback(lambda _: self._healed(feed))

    def _healed(self, feed: Feed) -> None:
        del self._healing[feed.room]
        heard = self._heard.pop(feed.room, 0)
        if self.feeds.get(feed.room) is feed and heard > (feed.tail or 0):
            # It could not be read; the next event or the heartbeat tries again.
            log.warning("feed_behind", room=str(feed.room), tail=feed.tail, heard=heard)

    async def _heal(self, feed: Feed, position: int) -> None:
        """Brings a feed up to at least this position."""
        self._heal_soon(feed, position)
        await asyncio.wait([self._healing[feed.room]])

    async def _read_log(self, feed: Feed) -> None:
        """Reads the log after the tail, once for everyone, and who may still read it."""
        while True:
            asked = {connection.user.pk for connection in feed.connections}
            try:
                version, allowed, entries = await in_thread(
                    _log_after, feed.room, feed.tail or 0, asked
                )
            except Exception as error:
                log.warning("log_unreadable", room=str(feed.room), error=repr(error))
                return
            self._keep_only(feed, asked, allowed)
            feed.members_version = max(feed.members_version, version)
            if not entries:
                return
            feed.catch_up(entries)
            self._flush(feed)
            complete = len(entries) < protocol.PAGE_LIMIT
            if complete and (feed.tail or 0) >= self._heard.get(feed.room, 0):
                return

    # -- Sync ----------------------------------------------------------------------------------

    async def changes(self, connection: Connection, room: UUID, position: int) -> str | None:
        """The event that brings someone who stands at ``position`` up to date, if one is needed."""
        feed = self.feeds.get(room)
        if feed is not None and room in connection.rooms:
            if position > (feed.tail or 0):
                await self._heal(feed, position)
            elif position < feed.recent_from and (feed.tail or 0) - position <= RESET_AFTER:
                await self._extend_back(feed)
        # Asked after the waiting, in which the person may have been removed.
        if feed is None or room not in connection.rooms:
            return protocol.RoomRemoved(room=room, reason="not_found").frame()
        tail = feed.tail or 0
        if position > tail or tail - position > RESET_AFTER:
            return protocol.changes_frame(room, [], tail, reset=True)
        if position < feed.recent_from:
            return await self._old_changes(feed, position)
        self._flush(feed)
        return feed.changes_after(position) if position < tail else None

    async def _extend_back(self, feed: Feed) -> None:
        """Reads the last changes before those that are held, once for all who ask meanwhile."""
        if feed.room not in self._extending:
            task = self._loop.create_task(self._read_back(feed))
            self._extending[feed.room] = task
            task.add_done_callback(lambda _: self._extending.pop(feed.room))
        await asyncio.shield(self._extending[feed.room])

    async def _read_back(self, feed: Feed) -> None:
        until, wanted = feed.recent_from, RECENT - len(feed.recent)
        if wanted > 0:
            entries = await in_thread(queries.newest_changes, feed.room, until=until, limit=wanted)
            since = entries[0][0] - 1 if len(entries) == wanted else 0
            feed.extend_back(entries, since)

    async def _old_changes(self, feed: Feed, position: int) -> str:
        """A page from the log for one who has been away for long."""
        entries = await in_thread(
            queries.changes, feed.room, after=position, limit=protocol.PAGE_LIMIT + 1
        )
        more, page = len(entries) > protocol.PAGE_LIMIT, entries[: protocol.PAGE_LIMIT]
        until = page[-1][0] if page else position
        messages = [encoded for _, _, _, encoded in page]
        return protocol.changes_frame(feed.room, messages, until, more=more)

    # -- Listening -----------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Hears the channel layer; when it fails, joins all groups again."""
        layer = get_channel_layer()
        while True:
            try:
                self._channel = await layer.new_channel()
                for group in list(self._groups):
                    await layer.group_add(group, self._channel)
                self._listening.set()
                while True:
                    self._on_event(await layer.receive(self._channel))
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._channel = None
                self._listening.clear()
                log.warning("layer_unreachable", error=repr(error))
                await asyncio.sleep(1.0)

    def _on_event(self, event: dict[str, Any]) -> None:
        try:
            match event["type"]:
                case "room.event":
                    self._on_room_event(event)
                case "user.event":
                    self._on_user_event(event)
                case "presence.event":
                    self.presence.hear(event)
        except Exception:
            log.exception("event_failed", type=event.get("type"))

    def _on_user_event(self, event: dict[str, Any]) -> None:
        user = UUID(event["user"])
        here = list(self.people.get(user, ()))
        if "close" in event:
            for connection in here:
                if event["session"] in (None, connection.session_key):
                    self.dismiss(connection, event["close"])
        elif "removed" in event:
            for connection in here:
                self._remove(connection, UUID(event["removed"]), event["reason"])
        elif here:
            self._start(self.refresh_rooms(user))

    async def _subscribe(self, groups: list[str]) -> None:
        self._groups.update(groups)
        try:
            async with asyncio.timeout(SUBSCRIBE_LIMIT):
                await self._listening.wait()
                for group in groups:
                    await get_channel_layer().group_add(group, self._channel)
        except Exception as error:
            log.warning("not_subscribed", groups=len(groups), error=repr(error))
            self._unheard = True

    def _unsubscribe(self, group: str) -> None:
        self._groups.discard(group)
        if self._channel is not None:
            self._start(self._discard(group, self._channel))

    async def _discard(self, group: str, channel: str) -> None:
        if group not in self._groups:
            await get_channel_layer().group_discard(group, channel)

    # -- Heartbeat -----------------------------------------------------------------------------

    _unheard = False

    async def _beat(self) -> None:
        for beat in itertools.count(1):
            await asyncio.sleep(settings.HEARTBEAT)
            try:
                await self._check_sessions()
                await self._check_rooms()
                await self._check_memberships()
                self._drop_idle_feeds()
                self.presence.beat(beat)
                if self._unheard:
                    self._unheard = False
                    await self._subscribe(list(self._groups))
            except Exception as error:
                log.warning("heartbeat_failed", error=repr(error))

    def _drop_idle_feeds(self) -> None:
        """Forgets rooms in which nobody has been for a whole heartbeat.

        Not at once: someone may be coming in at this moment, or coming back in a second.
        """
        for feed in list(self.feeds.values()):
            if feed.connections:
                feed.idle = False
            elif feed.idle:
                del self.feeds[feed.room]
                self._unsubscribe(publish.room_group(feed.room))
            else:
                feed.idle = True

    async def _check_rooms(self) -> None:
        """Heals feeds that are behind, and tells everyone the heads of rooms that moved."""
        heads = await in_thread(queries.heads, list(self.feeds))
        for room, head in heads.items():
            feed = self.feeds.get(room)
            if feed is None or feed.tail is None:
                continue
            if head.members_version > feed.members_version:
                await self._tell_changed(feed)
            if head.position > feed.tail:
                await self._heal(feed, head.position)
            if feed.tail != feed.announced:
                feed.announced = feed.tail
                self._send(feed, protocol.Heads(rooms={room: feed.tail}).frame())

    async def _check_memberships(self) -> None:
        digests = await in_thread(queries.membership_digests, list(self._digests))
        for user, known in list(self._digests.items()):
            if digests.get(user, (0, None)) != known:
                await self.refresh_rooms(user)

    async def _check_sessions(self) -> None:
        """Closes the sockets of those who were suspended or signed out without our hearing it."""
        suspended = await in_thread(queries.suspended_among, list(self.people))
        connections = [each for here in self.people.values() for each in here]
        live = await in_thread(live_sessions, {each.session_key for each in connections})
        for connection in connections:
            if connection.user.pk in suspended:
                self.dismiss(connection, CloseCode.BANNED)
            elif connection.session_key not in live:
                self.dismiss(connection, CloseCode.NOT_SIGNED_IN)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something beside; the loop alone would not keep it alive."""
        task = self._loop.create_task(work)
        _running.add(task)
        task.add_done_callback(_finished)


_running: set[asyncio.Task[None]] = set()


def _finished(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()):
        log.error("task_failed", error=repr(error), exc_info=error)


def _log_after(
    room: UUID, tail: int, users: set[UUID]
) -> tuple[int, set[UUID], list[publish.Entry]]:
    # Who may read is asked before what is read: whoever is removed in between gets nothing.
    version = queries.members_version(room)
    allowed = queries.members_among(room, users)
    return version, allowed, queries.changes(room, after=tail, limit=protocol.PAGE_LIMIT)


_hub: Hub | None = None


def hub() -> Hub:
    """The hub of the running loop; made at the first call."""
    global _hub
    if _hub is None or _hub._loop is not asyncio.get_running_loop():
        _hub = Hub()
    return _hub
