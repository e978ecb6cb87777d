"""The feeds of the rooms that one process follows, one per room for all of its sockets."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from math import inf
from typing import Any
from uuid import UUID

from django.conf import settings

from chat import broadcast
from chat.concurrency.batch_loader import BatchLoader
from chat.concurrency.executors import run_in_db_pool
from chat.queries import room_log
from chat.queries.room_views import RoomView
from chat.realtime.recent_changes import RecentChangesMemory
from chat.realtime.room_feed import RoomFeed
from chat.realtime.roster import Rosters
from chat.realtime.subscriptions import Subscriptions
from mediachat.monitoring.metrics import LOG_READS

FLUSH_INTERVAL = 0.01
"""Seconds for which changes may wait to be joined into one frame, while others were just sent."""
READ_BACK = 2_000
"""Changes that are read at once for those who come back."""


class RoomFeedRegistry(dict[UUID, RoomFeed]):
    """The feeds of this process, by room."""

    # A dict's subclass finds these faster than in a dict of its own, at each message.
    __slots__ = (
        "_backs",
        "_dirty",
        "_failed",
        "_flush_timer",
        "_flushed_at",
        "_loop",
        "_memory",
        "_rosters",
        "_starts",
        "_subscriptions",
    )

    def __init__(
        self, subscriptions: Subscriptions, rosters: Rosters, failed: Callable[[], None]
    ) -> None:
        super().__init__()
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._subscriptions = subscriptions
        self._rosters = rosters
        self._memory = RecentChangesMemory()
        self._starts = BatchLoader(self._start_some)
        self._backs = BatchLoader(self._read_some_back)
        self._dirty: dict[RoomFeed, None] = {}
        self._flushed_at = 0.0
        self._flush_timer: asyncio.TimerHandle | None = None

    # -- Starting and ending -------------------------------------------------------------------

    async def start(self, rooms: Collection[UUID]) -> None:
        """Starts a feed at the head of each of these rooms' logs."""
        for room in rooms:
            if feed := self.get(room):
                feed.idle_since = None
        await self._starts.load(*(room for room in rooms if not self.is_started(room)))

    def is_started(self, room: UUID, before: float = inf) -> bool:
        """Returns whether a room is followed, and has been since before this time of the loop."""
        feed = self.get(room)
        return feed is not None and feed.tail is not None and feed.started_at <= before

    async def _start_some(self, rooms: Collection[UUID]) -> dict[UUID, None]:
        """Subscribes to these rooms, and then reads all their heads in one query."""
        unread = [room for room in rooms if not self.is_started(room)]
        fresh = [room for room in unread if room not in self]
        self.update(
            {
                room: RoomFeed(
                    room, self.flush_soon, self._memory, self._rosters.load_soon, self._failed
                )
                for room in fresh
            }
        )
        if unread:
            await self._subscriptions.add(broadcast.room_group(room) for room in fresh)
            LOG_READS.inc()
            heads = await run_in_db_pool(room_log.heads, unread)
            for room in unread:
                if (feed := self.get(room)) and feed.tail is None:
                    feed.start(heads.get(room) or room_log.Head(0, 0, 0))
        return dict.fromkeys(rooms)

    def drop_idle(self) -> None:
        """Drops rooms that have been empty for a whole heartbeat.

        Not at once: a person may be connecting at this moment, or reconnect in a second.
        """
        for feed in list(self.values()):
            if feed.connections:
                feed.idle_since = None
            elif feed.idle_since is None:
                feed.idle_since = self._loop.time()
            elif self._loop.time() - feed.idle_since >= settings.HEARTBEAT:
                self._drop(feed)

    def drop_all(self) -> None:
        """Forgets all rooms, none of which has connections any more."""
        for feed in list(self.values()):
            self._drop(feed)

    def _drop(self, feed: RoomFeed) -> None:
        del self[feed.room]
        self._rosters.drop(feed.room)
        if feed.tail:
            feed.tail.give_up()
        self._subscriptions.discard(broadcast.room_group(feed.room))

    # -- Reading back --------------------------------------------------------------------------

    async def read_back(self, positions: Iterable[tuple[UUID, int]]) -> None:
        """Extends the tails back to these positions of rooms, with one query for all of them.

        Whatever is too far back for that is left to ``RoomFeed.changes``.
        """
        behind = [(room, at) for room, at in positions if self[room].span_back(at, 0)]
        await self._backs.load(*behind)

    async def read_beginnings(self, views: Iterable[RoomView]) -> None:
        """Extends the tails of new rooms back to their first message."""
        feeds = ((view, self.get(view.room.id)) for view in views)
        begun = [feed.room for view, feed in feeds if feed and feed.has_just_begun(view)]
        await self.read_back((room, 0) for room in begun)

    async def _read_some_back(self, wanted: Sequence[tuple[UUID, int]]) -> dict[Any, None]:
        lowest: dict[UUID, int] = {}
        for room, position in wanted:
            lowest[room] = min(position, lowest.get(room, position))
        # A little further than was asked: the next to come back may stand further behind.
        share = READ_BACK // len(lowest)
        spans = {}
        left = READ_BACK
        for room, position in lowest.items():
            span = feed.span_back(position, share) if (feed := self.get(room)) else None
            if span and (left := left - (span[1] - span[0])) >= 0:
                spans[room] = span
        if spans:
            LOG_READS.inc()
            found = await run_in_db_pool(room_log.changes_of_many, spans)
            for room, (_, until) in spans.items():
                if feed := self.get(room):
                    after, entries = found[room]
                    feed.take_back(entries, after, until)
        return dict.fromkeys(wanted)

    # -- Sending -------------------------------------------------------------------------------

    def flush_soon(self, feed: RoomFeed) -> None:
        """Sends at once after a quiet time, otherwise joins everything within the interval."""
        self._dirty[feed] = None
        if self._flush_timer is None:
            wait = max(0.0, self._flushed_at + FLUSH_INTERVAL - self._loop.time())
            self._flush_timer = self._loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        self._flush_timer = None
        dirty, self._dirty = self._dirty, {}
        for feed in dirty:
            feed.flush()
        self._flushed_at = self._loop.time()
