"""Tracks the members of the rooms that one process follows, and who sees whom online.

Two people see whether the other is here where both have written in a private or direct room
that they share. A public room has too many people for that, and names none.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Protocol
from uuid import UUID

import structlog

from chat.concurrency.background_tasks import BackgroundTasks
from chat.concurrency.batch_loader import BatchLoader
from chat.concurrency.executors import run_in_db_pool
from chat.queries import room_members
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

ROOMS_AT_ONCE = 50
"""Rosters that are taken in before others have their turn: ten thousand people take 10 ms."""


class Person:
    """Someone who has written in rooms that are followed here."""

    __slots__ = ("id", "username", "writes_in")

    def __init__(self, id: UUID, username: str) -> None:
        self.id = id
        self.username = username
        self.writes_in: set[Roster] = set()

    def circle(self) -> "set[Person]":
        """Those with whom they share a room in which both have written, but not themselves."""
        # Unions of sets copy what has been hashed: some ten nanoseconds for each of them.
        found: set[Person] = set().union(*(roster.writers for roster in self.writes_in))
        found.discard(self)
        return found


class Roster:
    """The members of one room, as of a version of its membership."""

    __slots__ = ("count", "members", "version", "writers")

    def __init__(self, members: list[str] | None, count: int, version: int) -> None:
        self.members = members
        """Usernames in the order of joining; None in a public room."""
        self.count = count
        self.version = version
        self.writers: set[Person] = set()
        """Those of them who have written; nobody in a public room."""


class Watcher(Protocol):
    """What is told when two people begin or cease to see each other."""

    def met(self, person: Person, others: Collection[Person]) -> None: ...

    def parted(self, person: Person, others: Collection[Person]) -> None: ...


class Rosters(dict[UUID, Roster]):
    """The rosters of this process by room, and the people in them by id."""

    def __init__(self, failed: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._failed = failed
        self.people: dict[UUID, Person] = {}
        self.watcher: Watcher | None = None
        self._reads = BatchLoader(lambda rooms: run_in_db_pool(room_members.rosters, rooms))
        self._background = BackgroundTasks()

    async def load(self, versions: Mapping[UUID, int]) -> None:
        """Has the rosters of these rooms, of these versions or newer."""
        old = [
            room
            for room, version in versions.items()
            if (roster := self.get(room)) is None or roster.version < version
        ]
        await self.reload(old)

    def load_soon(self, room: UUID, version: int) -> None:
        """The same of one room, beside; a room that is not known is left alone."""
        if room in self and self[room].version < version:
            self._background.spawn(self._load_beside(room, version))

    async def _load_beside(self, room: UUID, version: int) -> None:
        try:
            await self.load({room: version})
        except Exception as error:
            logger.warning("roster_unreadable", room=str(room), error=reason(error))
            self._failed()

    async def reload(self, rooms: Collection[UUID]) -> None:
        """Reads the rosters of these rooms, whatever is known of them."""
        found = await self._reads.load(*rooms)
        for number, (room, read) in enumerate(zip(rooms, found, strict=True), 1):
            known = self.get(room)
            if known is None or known.version <= read.version:
                self._put(room, read)
            if number % ROOMS_AT_ONCE == 0:
                await asyncio.sleep(0)

    def wrote(self, room: UUID, writers: Mapping[UUID, str]) -> None:
        """These people have written in a room for the first time."""
        roster = self.get(room)
        if roster is not None and roster.members is not None:
            self._add(roster, writers, watched=True)

    def rename(self, user: UUID, username: str) -> None:
        """Someone has another username now; that of their rooms' members is read with these."""
        if person := self.people.get(user):
            person.username = username

    def drop(self, room: UUID) -> None:
        """Forgets a room in which nobody is here any more."""
        if roster := self.pop(room, None):
            for person in roster.writers:
                self._leave(person, roster)

    def _put(self, room: UUID, read: room_members.RosterRead) -> None:
        # Who is read for the first time is told with ``ready``.
        if watched := (roster := self.get(room)) is not None:
            gone = {person for person in roster.writers if person.id not in read.writers}
            roster.members, roster.count = read.members, read.count
            roster.version = read.version
            for person in gone:
                self._remove(person, roster)
        else:
            roster = self[room] = Roster(read.members, read.count, read.version)
        self._add(roster, read.writers, watched=watched)

    def _add(self, roster: Roster, writers: Mapping[UUID, str], *, watched: bool) -> None:
        for id, username in writers.items():
            person = self.people.get(id)
            if person is None:
                person = self.people[id] = Person(id, username)
            if roster in person.writes_in:
                continue
            strangers = roster.writers - person.circle() if watched else ()
            person.writes_in.add(roster)
            roster.writers.add(person)
            if self.watcher and strangers:
                self.watcher.met(person, strangers)

    def _remove(self, person: Person, roster: Roster) -> None:
        roster.writers.discard(person)
        self._leave(person, roster)
        if self.watcher and (strangers := roster.writers - person.circle()):
            self.watcher.parted(person, strangers)

    def _leave(self, person: Person, roster: Roster) -> None:
        person.writes_in.discard(roster)
        if not person.writes_in:
            self.people.pop(person.id, None)
