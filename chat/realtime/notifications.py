"""Routes notifications of the channel layer to the people and rooms of this process."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

import structlog

from chat import serializers
from chat.concurrency.background_tasks import BackgroundTasks
from chat.protocol import RemovalReason
from chat.queries.membership_state import Digest
from chat.queries.relations import KnownRelations
from chat.realtime.feed_registry import RoomFeedRegistry
from chat.realtime.known_reads import KnownReads
from chat.realtime.personal_versions import PersonalVersions
from chat.realtime.presence import Presence
from chat.realtime.room_feed import Connection, RoomFeed
from chat.realtime.roster import Rosters
from chat.realtime.socket_writer import frame

logger = structlog.get_logger(__name__)

READERS_TOLD = 50
"""In rooms with more connections than this, only a reader's own devices get their read marks."""
UNKNOWN: Digest = (-1, None)
"""Differs from how many rooms anybody is in."""


class Recipients(Protocol):
    """The people and rooms of this process, as far as a notification may be about them."""

    digests: dict[UUID, Digest]
    feeds: RoomFeedRegistry
    rosters: Rosters
    relations: KnownRelations
    reads: KnownReads
    personal: PersonalVersions
    presence: Presence

    @property
    def people(self) -> Mapping[UUID, Mapping[Connection, None]]: ...

    def disconnect(self, connection: Connection, code: int) -> None: ...

    def refresh_rooms(self, user: UUID) -> "asyncio.Task[None]": ...

    def refresh_relations(self, user: UUID) -> "asyncio.Task[None]": ...


class Notifications:
    """Receives notifications for one hub; ``compare_soon`` schedules a comparison with the
    database.
    """

    def __init__(self, hub: Recipients, compare_soon: Callable[[], None]) -> None:
        self._hub = hub
        self._compare_soon = compare_soon
        self._background = BackgroundTasks()

    def hear(self, event: dict[str, Any]) -> None:
        """Handles one notification; never raises."""
        try:
            match event["type"]:
                case "room.event":
                    self._hear_of_room(event)
                case "user.event":
                    self._hear_of_user(event)
                case "presence.event":
                    self._hub.presence.hear(event)
                case "person.renamed":
                    serializers.forget(UUID(event["user"]))
                    self._hub.rosters.rename(UUID(event["user"]), event["username"])
                case "doorbells.lost":
                    self._compare_soon()
        except Exception:
            logger.exception("event_failed", type=event.get("type"))

    def _hear_of_room(self, event: dict[str, Any]) -> None:
        feed = self._hub.feeds.get(UUID(event["room"]))
        if feed is None:
            return
        if "entries" in event:
            feed.hear(event["members_version"], event["entries"])
            if "writers" in event:
                writers = event["writers"].items()
                self._hub.rosters.wrote(feed.room, {UUID(user): name for user, name in writers})
        elif "changed" in event:
            user = UUID(event["for"]) if "for" in event else None
            if user is None or user in self._hub.people:
                feed.tell_changed(user)
        elif event.get("members_version", 0) > feed.members_version:
            self._background.spawn(self._tell_members(feed, event))
        else:
            self._tell_once(feed, event)

    async def _tell_members(self, feed: RoomFeed, event: dict[str, Any]) -> None:
        """Reads first who was removed, if that notification was lost."""
        await feed.tell_changed()
        if event["members_version"] <= feed.members_version:
            self._tell_once(feed, event)

    def _tell_once(self, feed: RoomFeed, event: dict[str, Any]) -> None:
        """Forwards what is not part of the log."""
        if "typing" in event:
            if not feed.blocked:
                feed.send(event["typing"], but=self._hub.relations.apart_from(event["user"]))
        elif "readers" in event:
            self._tell_read(feed, event["readers"], event.get("moved", {}))
        else:
            feed.send(event["frame"])

    def _tell_read(
        self, feed: RoomFeed, readers: Mapping[str, tuple[str, str]], moved: Mapping[str, int]
    ) -> None:
        for reader, by in moved.items():
            self._hub.reads.move(UUID(reader), by)
        if len(feed.connections) <= READERS_TOLD and not feed.blocked:
            for name, text in readers.values():
                feed.send(text, but=self._hub.relations.apart_from(name))
            return
        for reader, (_, text) in readers.items():
            if here := self._hub.people.get(UUID(reader)):
                event = frame(text)
                for connection in here:
                    if connection in feed.connections:
                        connection.socket.write(event)

    def _hear_of_user(self, event: dict[str, Any]) -> None:
        user = UUID(event["user"])
        here = list(self._hub.people.get(user, ()))
        if "close" in event:
            for connection in here:
                if event["session"] in (None, connection.session_key):
                    self._hub.disconnect(connection, event["close"])
        elif "removed" in event:
            if user in self._hub.digests:
                # It may be late, and they may be back since: the next heartbeat looks.
                self._hub.digests[user] = UNKNOWN
            if feed := self._hub.feeds.get(UUID(event["removed"])):
                for connection in here:
                    reason = RemovalReason(event["reason"])
                    feed.remove(connection, reason, event.get("name"), event.get("by"))
        elif "me_version" in event:
            if here:
                self._hub.personal.hear(user, event["me_version"], event["frame"])
        elif "relations" in event:
            if here:
                self._hub.refresh_relations(user)
        elif here:
            self._hub.refresh_rooms(user)
