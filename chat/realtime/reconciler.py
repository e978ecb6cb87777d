"""What a hub compares with the database at every heartbeat, so that nothing rests on
notifications."""

import asyncio
import itertools
from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

import structlog
from django.conf import settings

from chat import protocol
from chat.concurrency.executors import run_in_db_pool
from chat.media import storage_use
from chat.queries import membership_state, personal, room_log
from chat.queries.relations import KnownRelations, relations_of
from chat.realtime import erasure_worker
from chat.realtime.feed_registry import RoomFeedRegistry
from chat.realtime.known_reads import KnownReads
from chat.realtime.personal_versions import PersonalVersions
from chat.realtime.presence import Presence
from chat.realtime.room_feed import Connection
from chat.realtime.roster import Rosters
from chat.realtime.subscriptions import Subscriptions
from mediachat.databases import wal
from mediachat.monitoring import disk, memory
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

SOON, SOONEST_OF_MANY = 1.0, 3.0
"""Seconds until the next heartbeat, when something could not be read or not be heard, and at most
when that goes on."""
UNDER_WAY = 0.5
"""Seconds that an event has to arrive over the channel layer; after that it counts as lost."""
NOWHERE: tuple[membership_state.Digest, int] = ((0, None), 0)


class Known(Protocol):
    """What this process has read of the database, and what it does where that is no longer so."""

    digests: dict[UUID, membership_state.Digest]
    feeds: RoomFeedRegistry
    rosters: Rosters
    relations: KnownRelations
    reads: KnownReads
    personal: PersonalVersions
    presence: Presence
    subscriptions: Subscriptions

    @property
    def people(self) -> Mapping[UUID, Mapping[Connection, None]]: ...

    async def check_epoch(self) -> None: ...

    async def disconnect_unauthorized(self, connections: Collection[Connection]) -> None: ...

    async def tell_reads(self, users: Collection[UUID]) -> None: ...

    def refresh_rooms(self, user: UUID) -> "asyncio.Task[None]": ...

    def refresh_relations(self, user: UUID) -> "asyncio.Task[None]": ...


class Reconciler:
    """Runs the checks; each is one query, for any number of sockets."""

    def __init__(self, hub: Known) -> None:
        self._hub = hub
        self._hurry = asyncio.Event()
        self._hurried = 0
        self._renamed: set[UUID] = set()

    def soon(self) -> None:
        """Schedules a comparison soon, after an error or a lost notification."""
        self._hurry.set()

    async def run(self) -> None:
        """Beats for as long as the server runs; a check that fails keeps no other from its turn."""
        checks = (
            self._hub.subscriptions.add_missed,  # first, so that nothing is missed in between
            self._hub.check_epoch,
            self._check_names,
            self._check_people,
            self._check_rooms,
            self._check_rosters,
            self._check_memberships,
            self._check_relations,
            self._check_personal,
        )
        for beat in itertools.count(1):
            await self._rest()
            failed: dict[str, Exception] = {}
            for check in checks:
                try:
                    await check()
                except Exception as error:
                    failed[check.__name__.strip("_")] = error
            self._hub.feeds.drop_idle()
            self._hub.presence.beat(beat)
            if failed:
                logger.warning(
                    "heartbeat_failed", **{name: reason(error) for name, error in failed.items()}
                )
                self.soon()
            try:
                await run_in_db_pool(_tend_machine)
            except Exception as error:
                logger.warning("not_tended", error=reason(error))

    async def _rest(self) -> None:
        """Ends after ``HEARTBEAT``, or soon where somebody asked for that: the less soon, the more
        often in a row."""
        try:
            async with asyncio.timeout(settings.HEARTBEAT):
                await self._hurry.wait()
                await asyncio.sleep(min(SOON * (self._hurried + 1), SOONEST_OF_MANY))
            self._hurried += 1
        except TimeoutError:
            self._hurried = 0
        self._hurry.clear()

    async def _check_names(self) -> None:
        """Finds erased people whose notification was lost, and continues their erasure if another
        process left it.
        """
        renamed = await run_in_db_pool(erasure_worker.look)
        for user, username in renamed.items():
            self._hub.rosters.rename(user, username)
        if set(renamed) - self._renamed:
            await self._hub.rosters.reload(list(self._hub.rosters))
        self._renamed = set(renamed)

    async def _check_people(self) -> None:
        """Finds suspended or signed-out people whose notification was lost."""
        people = self._hub.people.values()
        await self._hub.disconnect_unauthorized([each for here in people for each in here])

    async def _check_rooms(self) -> None:
        """Repairs feeds that are behind, and broadcasts the heads of rooms that moved."""
        heads = await run_in_db_pool(room_log.heads, list(self._hub.feeds))
        for room, head in heads.items():
            feed = self._hub.feeds.get(room)
            if feed is None or feed.tail is None:
                continue
            if feed.has_untold or head.members_version > feed.members_version:
                await feed.tell_changed()
            if head.position > feed.position:
                await feed.heal(head.position)
            self._hub.rosters.load_soon(room, head.members_version)
            if feed.position != feed.announced:
                feed.announced = feed.position
                feed.send(protocol.Heads(rooms={room: feed.position}).frame())

    async def _check_rosters(self) -> None:
        """Reads who has written in rooms of which something was missed."""
        missed = [feed for feed in self._hub.feeds.values() if feed.has_healed]
        for feed in missed:
            feed.has_healed = False
        try:
            await self._hub.rosters.reload([feed.room for feed in missed])
        except Exception:
            for feed in missed:
                feed.has_healed = True
            raise

    async def _check_memberships(self) -> None:
        """Finds lost notifications of people who were added to rooms, removed from them, or have
        read on another device.
        """
        found = await run_in_db_pool(membership_state.membership_digests, list(self._hub.digests))
        behind = []
        for user, known in list(self._hub.digests.items()):
            digest, reads = found.get(user, NOWHERE)
            if digest != known:
                await self._hub.refresh_rooms(user)
            elif reads != self._hub.reads.get(user):
                behind.append(user)
        if behind:
            # Asked twice, since what is stored at this moment is on its way.
            await asyncio.sleep(UNDER_WAY)
            found = await run_in_db_pool(membership_state.membership_digests, behind)
            behind = [user for user in found if found[user][1] != self._hub.reads.get(user)]
            await self._hub.tell_reads(behind)

    async def _check_relations(self) -> None:
        """Finds lost notifications of blocks."""
        relations = await run_in_db_pool(relations_of, list(self._hub.relations))
        for user, known in list(self._hub.relations.items()):
            if relations.get(user, known) != known:
                await self._hub.refresh_relations(user)

    async def _check_personal(self) -> None:
        """Finds lost notifications of changes in people's own logs."""
        versions = await run_in_db_pool(personal.versions_of, list(self._hub.people))
        for user, version in versions.items():
            if user in self._hub.people:
                self._hub.personal.reach(user, version)


def _tend_machine() -> None:
    """Keeps what is known of the disk, and neither files nor memory that nobody needs."""
    for tend in (wal.empty, disk.look, storage_use.total, memory.trim):
        try:
            tend()
        except Exception as error:
            logger.warning("not_tended", what=tend.__module__, error=reason(error))
