"""One per process: brings what happens in rooms and to people to the sockets that are here.

The channel layer rings, the database knows. A hub subscribes once to each room and person that
a socket here is about, whatever the number of sockets.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from django.conf import settings

from accounts.sessions import live_sessions
from chat import payloads, protocol, publish, queries
from chat.feed import Connection, Feed
from chat.gathered import Gathered
from chat.heartbeat import Heartbeat
from chat.latest import Latest
from chat.limits import Allowance, Allowances
from chat.places import Places
from chat.presence import Presence
from chat.protocol import CloseCode
from chat.socket import frame
from chat.threads import in_thread
from mediachat.metrics import LOG_READS, count_sockets
from mediachat.shared import shared

log = structlog.get_logger(__name__)

FLUSH_INTERVAL = 0.01
"""Seconds for which changes may wait to be joined into one frame, while others were just sent."""
SUBSCRIBE_LIMIT = 2.0
"""Seconds to wait for the channel layer; the heartbeat heals what is not heard meanwhile."""
READERS_TOLD = 50
"""In rooms with more connections than this, only a reader's own devices hear of their reading."""
READ_BACK = 2_000
"""Changes that are read at once for those who come back."""


class Hub:
    """The feeds and the people of this process. All methods run in its event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.feeds: dict[UUID, Feed] = {}
        self.people: defaultdict[UUID, dict[Connection, None]] = defaultdict(dict)
        self.digests: dict[UUID, queries.Digest] = {}
        self.presence = Presence(self.tell)
        common = shared()
        self.places = Places(common)
        self._allowances = Allowances(common)
        self._admissions = Gathered(lambda asked: in_thread(_refusals, asked))
        self._memberships = Gathered(lambda asked: in_thread(queries.memberships_of, asked))
        self._views = Gathered(lambda asked: in_thread(queries.rooms_of_each, asked))
        self._starts = Gathered(self._start_some)
        self._backs = Gathered(self._read_some_back)
        self._ready: set[Connection] = set()
        self._refreshing: dict[UUID, Latest] = {}
        self._dirty: dict[Feed, None] = {}
        self._flushed_at = 0.0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._groups: set[str] = {publish.PRESENCE_GROUP}
        self._missed: set[str] = set()
        self._channel = ""
        self._listening = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        publish.start()
        count_sockets(lambda: self.places.open)
        self._start(self._listen())
        self._start(self.places.run())
        self._start(Heartbeat(self).run())

    # -- Coming and going ----------------------------------------------------------------------

    async def enter(self, connection: Connection) -> None:
        """Takes a connection in and writes its ``ready``.

        Subscribes first and reads then: what happens in between comes through the layer.
        """
        user = connection.user
        self.people[user.pk][connection] = None
        await self._subscribe([publish.user_group(user.pk)])
        # They may have been suspended since they were asked who they are, and before we listened.
        (refused,) = await self._admissions.ask((user.pk, connection.session_key))
        if refused is not None:
            self.dismiss(connection, refused)
        if not connection.socket.is_open:
            return
        views, digest = await self._follow(user.pk)
        if not connection.socket.is_open:
            return
        # No await from here on: nothing can come between the positions in ``ready`` and the
        # first change that the connection is forwarded.
        for view in views:
            self.feeds[view.room.id].attach(connection, view)
        rooms = [view.room for view in views]
        ready = protocol.Ready.model_construct(
            protocol=protocol.VERSION,
            user=payloads.me(user),
            rooms=rooms,
            online=self.presence.among(rooms),
            heartbeat=settings.HEARTBEAT,
        )
        connection.socket.write(frame(ready.frame()))
        self._ready.add(connection)
        if digest != self.digests[user.pk]:
            self.refresh_rooms(user.pk)  # someone else's look at the rooms was later than ours
        self.presence.came(user.username, connection.rooms)

    async def turn_out(self, connections: Collection[Connection]) -> None:
        """Closes those whose person was suspended or signed out without our hearing it."""
        refusals = await in_thread(
            _refusals, {(each.user.pk, each.session_key) for each in connections}
        )
        for each in connections:
            if (refused := refusals[each.user.pk, each.session_key]) is not None:
                self.dismiss(each, refused)

    def leave(self, connection: Connection) -> None:
        """Forgets a connection."""
        for room in list(connection.rooms):
            self.feeds[room].detach(connection)
        user = connection.user
        here = self.people.get(user.pk)
        if here is None or connection not in here:
            return
        del here[connection]
        self._ready.discard(connection)
        if not here:
            del self.people[user.pk]
            self.digests.pop(user.pk, None)
            self._refreshing.pop(user.pk, None)
            self.presence.went(user.username)
            self._unsubscribe(publish.user_group(user.pk))

    def dismiss(self, connection: Connection, code: int) -> None:
        """Closes a connection; nothing more is forwarded to it from here on."""
        self.leave(connection)
        connection.socket.close(code)

    def allowance(self, user: UUID) -> Allowance:
        """The rate limit that all sockets of a person share, and their requests over HTTP."""
        return self._allowances.of(user, self.people.keys())

    # -- Rooms ---------------------------------------------------------------------------------

    async def _follow(self, user: UUID) -> tuple[list[queries.RoomView], queries.Digest]:
        """Has feeds for all of someone's rooms and returns the rooms as they see them.

        The digest is read first: should it be older than the rooms, the heartbeat looks again.
        """
        ((ids, digest),) = await self._memberships.ask(user)
        self.digests[user] = digest
        while True:
            await self._start_feeds(ids)
            (views,) = await self._views.ask(user)
            views = [view for view in views if view.room.id in ids]
            # A room in which nobody was may have been dropped while the views were read.
            if all(self._is_followed(view.room.id) for view in views):
                return views, digest

    def _is_followed(self, room: UUID) -> bool:
        feed = self.feeds.get(room)
        return feed is not None and feed.tail is not None

    async def _start_feeds(self, rooms: Collection[UUID]) -> None:
        """Has a feed at the head of each of these rooms' logs."""
        for room in rooms:
            if feed := self.feeds.get(room):
                feed.idle = False
        await self._starts.ask(*(room for room in rooms if not self._is_followed(room)))

    async def _start_some(self, rooms: Collection[UUID]) -> dict[UUID, None]:
        """Subscribes to these rooms, and then asks for the heads of all of them at once."""
        unread = [room for room in rooms if not self._is_followed(room)]
        fresh = [room for room in unread if room not in self.feeds]
        self.feeds |= {room: Feed(room, self.flush_soon) for room in fresh}
        if unread:
            await self._subscribe([publish.room_group(room) for room in fresh])
            LOG_READS.inc()
            heads = await in_thread(queries.heads, unread)
            for room in unread:
                if (feed := self.feeds.get(room)) and feed.tail is None:
                    feed.start(heads.get(room) or queries.Head(0, 0, 0))
        return dict.fromkeys(rooms)

    def refresh_rooms(self, user: UUID) -> "asyncio.Task[None]":
        """Finds out which rooms someone is in now, and tells their sockets what changed."""
        if user not in self._refreshing:
            self._refreshing[user] = Latest(partial(self._refresh_rooms, user))
        return self._refreshing[user].run()

    async def _refresh_rooms(self, user: UUID) -> None:
        if user not in self.people:
            return
        views, _ = await self._follow(user)
        now = {view.room.id for view in views}
        for connection in self._ready & self.people.get(user, {}).keys():
            for view in views:
                if view.room.id not in connection.rooms:
                    self.feeds[view.room.id].attach(connection, view)
                    connection.socket.write(frame(protocol.RoomEvent(room=view.room).frame()))
                    for name in self.presence.among([view.room]):
                        here = protocol.PresenceEvent(user=name, state="online")
                        connection.socket.write(frame(here.frame()))
            for gone in connection.rooms - now:
                self.feeds[gone].remove(connection, "removed")
            self.presence.moved(connection.user.username, now)

    async def read_back(self, connection: Connection, positions: Mapping[UUID, int]) -> None:
        """Has the tails reach back to these positions, with one query for all of the rooms.

        Whatever is too far back for that is left to ``changes``.
        """
        behind = [
            (room, position)
            for room, position in positions.items()
            if room in connection.rooms and self.feeds[room].span_back(position, 0)
        ]
        await self._backs.ask(*behind)

    async def _read_some_back(self, wanted: Sequence[tuple[UUID, int]]) -> dict[Any, None]:
        lowest: dict[UUID, int] = {}
        for room, position in wanted:
            lowest[room] = min(position, lowest.get(room, position))
        # A little further than was asked: the next to come back may stand further behind.
        share = READ_BACK // len(lowest)
        spans = {}
        left = READ_BACK
        for room, position in lowest.items():
            span = feed.span_back(position, share) if (feed := self.feeds.get(room)) else None
            if span and (left := left - (span[1] - span[0])) >= 0:
                spans[room] = span
        if spans:
            LOG_READS.inc()
            found = await in_thread(queries.changes_of_many, spans)
            for room, span in spans.items():
                if feed := self.feeds.get(room):
                    feed.take_back(found[room], span)
        return dict.fromkeys(wanted)

    async def changes(self, connection: Connection, room: UUID, position: int) -> str | None:
        """The event that brings someone who stands at ``position`` up to date, if one is needed."""
        if room in connection.rooms:
            return await self.feeds[room].changes(connection, position)
        return protocol.RoomRemoved(room=room, reason="not_found").frame()

    def tell(self, rooms: Iterable[UUID], text: str) -> None:
        """Sends a frame to everyone who is here in any of these rooms."""
        for room in rooms:
            if feed := self.feeds.get(room):
                feed.send(text)

    def drop_idle_feeds(self) -> None:
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

    # -- Flushing ------------------------------------------------------------------------------

    def flush_soon(self, feed: Feed) -> None:
        """Sends at once when it has been quiet, else joins what comes within the interval."""
        self._dirty[feed] = None
        if self._flush_timer is None:
            wait = max(0.0, self._flushed_at + FLUSH_INTERVAL - self.loop.time())
            self._flush_timer = self.loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        self._flush_timer = None
        dirty, self._dirty = self._dirty, {}
        for feed in dirty:
            feed.flush()
        self._flushed_at = self.loop.time()

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
                self.presence.introduce()
                while True:
                    self._on_event(await layer.receive(self._channel))
            except Exception as error:
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

    def _on_room_event(self, event: dict[str, Any]) -> None:
        feed = self.feeds.get(UUID(event["room"]))
        if feed is None:
            return
        if "entries" in event:
            feed.hear(event["members_version"], event["entries"])
        elif "changed" in event:
            feed.tell_changed()
        elif "reader" in event and len(feed.connections) > READERS_TOLD:
            for connection in self._ready & self.people.get(UUID(event["reader"]), {}).keys():
                connection.socket.write(frame(event["frame"]))
        else:
            feed.send(event["frame"])

    def _on_user_event(self, event: dict[str, Any]) -> None:
        user = UUID(event["user"])
        here = list(self.people.get(user, ()))
        if "close" in event:
            for connection in here:
                if event["session"] in (None, connection.session_key):
                    self.dismiss(connection, event["close"])
        elif "removed" in event:
            if feed := self.feeds.get(UUID(event["removed"])):
                for connection in here:
                    feed.remove(connection, event["reason"])
        elif here:
            self.refresh_rooms(user)

    async def _subscribe(self, groups: list[str]) -> None:
        self._groups.update(groups)
        try:
            async with asyncio.timeout(SUBSCRIBE_LIMIT):
                await self._listening.wait()
                for group in groups:
                    await get_channel_layer().group_add(group, self._channel)
        except Exception as error:
            log.warning("not_subscribed", groups=len(groups), error=repr(error))
            self._missed.update(groups)

    async def subscribe_again(self) -> None:
        """Joins the groups that could not be joined when they should have been."""
        missed, self._missed = self._missed & self._groups, set()
        if missed:
            await self._subscribe(list(missed))

    def _unsubscribe(self, group: str) -> None:
        self._groups.discard(group)
        self._start(self._discard(group))

    async def _discard(self, group: str) -> None:
        if group not in self._groups:
            await get_channel_layer().group_discard(group, self._channel)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something beside; held here, since the loop alone would not keep it alive."""
        task = self.loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("task_failed", error=repr(error), exc_info=error)


Admission = tuple[UUID, str]
"""Someone and the session by which they come."""


def _refusals(admissions: Collection[Admission]) -> dict[Admission, int | None]:
    """The closing code for each of those who may not be here, and None for who may."""
    suspended = queries.suspended_among({user for user, _ in admissions})
    live = live_sessions({session for _, session in admissions})
    return {
        (user, session): CloseCode.BANNED
        if user in suspended
        else (None if session in live else CloseCode.NOT_SIGNED_IN)
        for user, session in admissions
    }


_hub: Hub | None = None


def hub() -> Hub:
    """The hub of the running loop; made at the first call."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub()
    return _hub
