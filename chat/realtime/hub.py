"""The hub of a process: routes events of rooms and people to its sockets.

The channel layer notifies, the database is the truth. A hub subscribes once to each room and person
that a socket here needs, for any number of sockets.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from chat import broadcast, protocol, serializers
from chat.actions import history
from chat.concurrency.background_tasks import BackgroundTasks
from chat.concurrency.batch_loader import BatchLoader
from chat.concurrency.coalescer import Coalescer
from chat.concurrency.executors import run_in_db_pool
from chat.protocol import CloseCode, PresenceState, RemovalReason
from chat.queries import membership_state, room_log, room_members, room_views
from chat.queries.membership_state import Digest
from chat.queries.relations import KnownRelations, Relations, relations_of
from chat.queries.room_views import RoomView
from chat.realtime import admissions, greeting
from chat.realtime.feed_registry import RoomFeedRegistry
from chat.realtime.known_reads import KnownReads
from chat.realtime.notifications import Notifications
from chat.realtime.personal_versions import PersonalVersions
from chat.realtime.presence import Presence
from chat.realtime.read_marks import ReadMarks
from chat.realtime.reconciler import Reconciler
from chat.realtime.room_feed import Connection
from chat.realtime.roster import Rosters
from chat.realtime.socket_writer import Frame, frame
from chat.realtime.subscriptions import Subscriptions
from chat.realtime.typists import Typists

logger = structlog.get_logger(__name__)


class Hub:
    """The people of this process, and the feeds of their rooms. Runs entirely in its event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.heartbeat = Reconciler(self)
        notifications = Notifications(self, self.heartbeat.soon)
        self.subscriptions = Subscriptions(notifications.hear, self._listens, self.heartbeat.soon)
        self.rosters = Rosters(self.heartbeat.soon)
        self.feeds = RoomFeedRegistry(self.subscriptions, self.rosters, self.heartbeat.soon)
        self.relations = KnownRelations()
        self.presence = Presence(self.rosters, self._tell, self.relations.apart_from)
        self.people: defaultdict[UUID, dict[Connection, None]] = defaultdict(dict)
        self.digests: dict[UUID, Digest] = {}
        """Of the rooms that all sockets of a person have been told of."""
        self.reads = KnownReads()
        self.personal = PersonalVersions(self._tell)
        self.epoch: UUID | None = None
        """The history that all of this was read from; None before anything was."""
        self.typists = Typists()
        self._admissions = BatchLoader(lambda asked: run_in_db_pool(admissions.decided, asked))
        self._memberships = BatchLoader(
            lambda asked: run_in_db_pool(membership_state.memberships_of, asked)
        )
        self._views = BatchLoader(lambda asked: run_in_db_pool(room_views.rooms_of_each, asked))
        self._new_views = BatchLoader(lambda asked: run_in_db_pool(room_views.views_of, asked))
        self._relations = BatchLoader(lambda asked: run_in_db_pool(relations_of, asked))
        self._versions = BatchLoader(
            lambda asked: run_in_db_pool(room_members.members_versions, asked)
        )
        self._heads = BatchLoader(lambda asked: run_in_db_pool(room_log.heads, asked))
        self.read_marks = ReadMarks()
        self._ready: set[Connection] = set()
        self._refreshing: dict[UUID, Coalescer] = {}
        self._relating: dict[UUID, Coalescer] = {}
        self._background = BackgroundTasks()
        broadcast.start()
        self._background.spawn(self.subscriptions.run())
        self._background.spawn(self.heartbeat.run())

    async def stop(self) -> None:
        """Stops after all sockets have closed: stores and publishes pending data."""
        await self.read_marks.flush()
        self.presence.flush()
        self._background.cancel()

    # -- Coming and going ----------------------------------------------------------------------

    async def enter(self, connection: Connection) -> None:
        """Registers a connection and writes its ``ready``.

        Subscribes first and reads then: events in between arrive through the layer.
        """
        user = connection.user
        self.people[user.pk][connection] = None
        await self.subscriptions.add([broadcast.user_group(user.pk)])
        # They may have been suspended since they were asked who they are, and before we listened.
        asked = (user.pk, connection.session_key)
        ((refused, relations, epoch, me_version),) = await self._admissions.load(asked)
        if self.epoch not in (None, epoch):  # one of the two was read before a restore
            ((refused, relations, epoch, me_version),) = await self._admissions.load(asked)
        self._note_epoch(epoch)
        if refused is not None:
            self.disconnect(connection, refused)
        if not connection.socket.is_open:
            return
        await self.read_marks.flush_of(user.pk)
        views, digest = await self._follow(user.pk)
        if not connection.socket.is_open:
            return
        # What is known already was read no earlier than the last event about it.
        if user.pk not in self.relations:
            self.relations.put(user.pk, relations)
        known = self.relations[user.pk]
        # No await from here on: nothing can come between the positions in ``ready`` and the
        # first change that the connection is forwarded.
        for view in views[: greeting.ROOMS_LIMIT]:
            self.feeds[view.room.id].attach(connection, view)
        rooms = [view.room for view in views]
        told, more = greeting.greeted(rooms)
        ready = protocol.Ready.model_construct(
            protocol=protocol.VERSION,
            user=serializers.me(user),
            rooms=told,
            more=more,
            online=self.presence.seen_by(user.pk),
            requests=list(known.requests),
            blocked=sorted(known.blocked),
            heartbeat=settings.HEARTBEAT,
            epoch=epoch,
            server=greeting.SERVER,
            limits=greeting.LIMITS,
            me_version=me_version,
        )
        connection.socket.write(frame(ready.frame()))
        self._ready.add(connection)
        self.personal.greet(connection, me_version)
        marks = (view.room.read for view in views)
        self.reads.greet(user.pk, marks, is_first=len(self.people[user.pk]) == 1)
        if more or digest != self.digests.setdefault(user.pk, digest):
            # Further rooms follow, or their other sockets have been told of other rooms.
            self.refresh_rooms(user.pk)
        if relations != known:
            self.refresh_relations(user.pk)
        self.presence.came(user.pk)

    async def disconnect_unauthorized(self, connections: Collection[Connection]) -> None:
        """Closes sockets of people who were suspended or signed out, if the
        notification was lost.
        """
        asked = {(each.user.pk, each.session_key) for each in connections}
        refused_by = await run_in_db_pool(admissions.refusals, asked)
        for each in connections:
            if (refused := refused_by[each.user.pk, each.session_key]) is not None:
                self.disconnect(each, refused)

    async def check_epoch(self) -> None:
        """Detects that the database was restored under this process."""
        epoch = await run_in_db_pool(history.epoch)
        if epoch != self.epoch:  # perhaps an admission has noted a newer one meanwhile
            epoch = await run_in_db_pool(history.epoch)
        self._note_epoch(epoch)

    def _note_epoch(self, epoch: UUID) -> None:
        """Takes which history the database says it holds.

        Where it is another one than before, the database was restored under this process: all that
        was read of the former is forgotten, and everyone is sent away, to come back to this one.
        """
        known, self.epoch = self.epoch, epoch
        if known in (None, epoch):
            return
        logger.warning("history_restored", epoch=str(epoch))
        for here in list(self.people.values()):
            for connection in list(here):
                self.disconnect(connection, CloseCode.RESTARTING)
        self.feeds.drop_all()
        self.personal.clear()

    def leave(self, connection: Connection) -> None:
        """Removes a connection."""
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
            self.reads.pop(user.pk, None)
            self._refreshing.pop(user.pk, None)
            self.personal.drop(user.pk)
            self.relations.drop(user.pk)
            self._relating.pop(user.pk, None)
            self.presence.went(user.pk)
            self.subscriptions.discard(broadcast.user_group(user.pk))

    def disconnect(self, connection: Connection, code: int) -> None:
        """Closes a connection, and stops forwarding to it."""
        self.leave(connection)
        connection.socket.close(code)

    # -- Rooms ---------------------------------------------------------------------------------

    async def _follow(self, user: UUID) -> tuple[list[RoomView], Digest]:
        """Follows all of a person's rooms, and returns the rooms as they see them.

        The rooms are read after all of their feeds began to listen: once, where others follow
        them already. The digest is as old: should it be older than the rooms, the heartbeat
        looks again.
        """
        while True:
            asked_at = self.loop.time()
            ((views, digest),) = await self._views.load(user)
            if await self._complete(views) and all(
                self.feeds.is_started(view.room.id, before=asked_at) for view in views
            ):
                return views, digest
            await self.feeds.start([view.room.id for view in views])

    async def _complete(self, views: list[RoomView]) -> bool:
        """Adds the members of these rooms to them, each room's read once for everyone."""
        await self.rosters.load({view.room.id: view.members_version for view in views})
        for view in views:
            roster = self.rosters.get(view.room.id)
            if roster is None:
                return False  # dropped meanwhile
            view.room.members = roster.members
            view.room.member_count = roster.count
        return True

    async def _new_to(self, user: UUID, rooms: set[UUID]) -> list[RoomView]:
        """Those of these rooms that one of someone's sockets does not follow yet, with feeds.

        Who is put into one more room has perhaps a thousand others, which need not be read again.
        """
        here = self._ready & self.people.get(user, {}).keys()
        new = {room for room in rooms if any(room not in each.rooms for each in here)}
        while True:
            await self.feeds.start(new)
            found = await self._new_views.load(*((user, room) for room in new))
            views = [view for view in found if view is not None]
            await self.feeds.read_beginnings(views)
            if await self._complete(views) and all(
                self.feeds.is_started(view.room.id) for view in views
            ):
                return views

    def _latest(self, work: Callable[[], Coroutine[Any, Any, None]]) -> Coalescer:
        return Coalescer(work, self.heartbeat.soon)

    def refresh_rooms(self, user: UUID) -> "asyncio.Task[None]":
        """Reads which rooms a person is in now, and sends their sockets the changes."""
        if user not in self._refreshing:
            self._refreshing[user] = self._latest(partial(self._refresh_rooms, user))
        return self._refreshing[user].run()

    async def _refresh_rooms(self, user: UUID) -> None:
        if user not in self.people:
            return
        here = self._ready & self.people[user].keys()
        ((ids, digest),) = await self._memberships.load(user)
        now = set(ids)
        views = await self._new_to(user, now)
        if user not in self.people:
            return
        for connection in here & self._ready:
            for view in views:
                if view.room.id not in connection.rooms:
                    self.feeds[view.room.id].introduce(connection, view)
                    if connection.socket.is_late:
                        await connection.socket.caught_up()
                        self.refresh_rooms(user)  # goes on with what is true by then
                        return
            for gone in connection.rooms - now:
                self.feeds[gone].remove(connection, RemovalReason.REMOVED)
        if self._ready & self.people.get(user, {}).keys() - here:
            # One came meanwhile, and was greeted with what was read before this or after it.
            self.refresh_rooms(user)
            return
        # Now that they have been told: what failed before is found by the heartbeat.
        if self.digests.get(user) != digest:
            self.reads.pop(user, None)
        self.digests[user] = digest

    # -- How far people have read --------------------------------------------------------------

    async def tell_reads(self, users: Collection[UUID]) -> None:
        """Sends these people's read marks, of all rooms, to their sockets."""
        found = await run_in_db_pool(membership_state.read_numbers, users) if users else {}
        for user, numbers in found.items():
            for connection in self._ready & self.people.get(user, {}).keys():
                name = connection.user.username
                events = [
                    protocol.ReadEvent.model_construct(room=room, user=name, number=number).frame()
                    for room, number in numbers.items()
                    if room in connection.rooms
                ]
                if events:
                    connection.socket.write(frame(protocol.joined(events)))
            if user in self.people:
                self.reads[user] = sum(numbers.values())

    # -- People who want nothing to do with each other -------------------------------------------

    def _tell(self, user: UUID, event: Frame) -> None:
        for connection in self.people.get(user, ()):
            if connection in self._ready:
                connection.socket.write(event)

    def refresh_relations(self, user: UUID) -> "asyncio.Task[None]":
        """Reads a person's current relations, and sends their sockets the changes."""
        if user not in self._relating:
            self._relating[user] = self._latest(partial(self._refresh_relations, user))
        return self._relating[user].run()

    async def _refresh_relations(self, user: UUID) -> None:
        (now,) = await self._relations.load(user)
        views, _ = await self._follow(user)
        if user not in self.people:
            return
        before = self.relations.get(user, Relations())
        before_here = set(self.presence.seen_by(user))
        self.relations.put(user, now)
        now_here = set(self.presence.seen_by(user))
        for view in views:
            feed = self.feeds[view.room.id]
            feed.blocked = view.blocked
            feed.flush()  # what was said of others before
        gone = [
            protocol.PresenceEvent(user=n, state=PresenceState.OFFLINE)
            for n in before_here - now_here
        ]
        back = [
            protocol.PresenceEvent(user=n, state=PresenceState.ONLINE)
            for n in now_here - before_here
        ]
        events: list[protocol.Event] = [*gone, *back]
        if before.blocked != now.blocked:
            events.append(protocol.BlockedEvent(usernames=sorted(now.blocked)))
        if before.requests != now.requests:
            events.append(protocol.RequestsEvent(requests=list(now.requests)))
        for connection in self._ready & self.people[user].keys():
            for event in events:
                connection.socket.write(frame(event.frame()))

    async def read_back(self, connection: Connection, positions: Mapping[UUID, int]) -> None:
        """Has the tails reach back to these positions, with one query for all of the rooms.

        Whatever is too far back for that is left to ``changes``.
        """
        mine = [(room, at) for room, at in positions.items() if room in connection.rooms]
        await self.feeds.read_back(mine)

    def reads_log(self, connection: Connection, room: UUID, position: int) -> bool:
        """Whether ``changes`` has to ask the database about this room."""
        return room in connection.rooms and self.feeds[room].reads_log(position)

    async def changes(self, connection: Connection, room: UUID, position: int) -> str | None:
        """Returns the event that brings a client at ``position`` up to date, or None."""
        if room in connection.rooms:
            return await self.feeds[room].changes(connection, position)
        return protocol.RoomRemoved(room=room, reason=RemovalReason.NOT_FOUND).frame()

    async def say_typing(self, connection: Connection, room: UUID) -> None:
        """Broadcasts to a room that a person is typing.

        The event carries ``members_version`` as the database has it now. This process may have
        missed the event of a removal, and would send an older version.
        """
        (version,) = await self._versions.load(room)
        event = protocol.TypingEvent(room=room, user=connection.user.username)
        broadcast.typing(room, version, connection.user.username, event.frame())

    async def mark_read(
        self, connection: Connection, room: UUID, number: int
    ) -> "asyncio.Future[None]":
        """Moves the mark of someone who follows this room up to a number, not past the newest;
        the future ends when that is stored. Costs no query, unless the number is newer than
        what this process has heard of."""
        tail = self.feeds[room].tail
        if tail is None or number > tail.number:
            (head,) = await self._heads.load(room)
            number = min(number, head.number)
        return self.read_marks.move(room, connection.user.pk, number)

    async def unread(
        self, connection: Connection, rooms: Collection[UUID]
    ) -> dict[UUID, protocol.Unread]:
        """How much of those of these rooms that a connection follows is unread, where it stands
        in their logs once it has taken what was written before this."""
        user = connection.user.pk
        await self.read_marks.flush_of(user)
        mine = [room for room in dict.fromkeys(rooms) if room in connection.rooms]
        views = await self._new_views.load(*((user, room) for room in mine))
        found = {}
        for room, view in zip(mine, views, strict=True):
            if view is None or room not in connection.rooms:
                continue
            feed = self.feeds[room]
            feed.flush()
            seen = feed.seen(view)
            found[room] = protocol.Unread(
                position=seen.position, number=seen.number, read=seen.read, unread=seen.unread
            )
        return found

    def _listens(self) -> None:
        """Listening has begun, perhaps again: what was said before that was not heard."""
        self.presence.introduce()
        self.heartbeat.soon()
