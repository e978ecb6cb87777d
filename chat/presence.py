"""Who is here, on any process.

Presence is never stored. Each process says who comes and who goes, and every third heartbeat
says the whole again; what a process said is forgotten when it has been silent for ten. One that
begins to listen asks all others for the whole.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

from django.conf import settings

from chat import protocol, publish

SNAPSHOT_EVERY = 3
"""Heartbeats after which a process says the whole again."""
FORGET_AFTER = 10
"""Heartbeats of silence after which what a process said is forgotten."""


class Presence:
    """The people of all processes by username, with the rooms in which it matters."""

    def __init__(self, tell: Callable[[str, Iterable[UUID], str], None]) -> None:
        self._tell_rooms = tell
        self._process = uuid.uuid4().hex
        self._here: dict[str, set[UUID]] = {}
        self._elsewhere: dict[str, dict[str, set[UUID]]] = {}
        self._heard_at: dict[str, float] = {}

    def __contains__(self, username: str) -> bool:
        return username in self._here or any(
            username in people for people in self._elsewhere.values()
        )

    def among(self, rooms: Iterable[protocol.Room]) -> list[str]:
        """Those who are here of the members of these rooms, as far as the rooms name them."""
        named = {name for room in rooms for name in room.members or ()}
        return sorted(name for name in named if name in self)

    def introduce(self) -> None:
        """This process has begun to listen: says who is here, and asks who is elsewhere."""
        self._say_all(asks=True)

    def came(self, username: str, rooms: Collection[UUID]) -> None:
        """Someone's socket here has opened, perhaps not their first."""
        if username in self._here:
            return
        before = username in self
        self._here[username] = set(rooms)
        publish.presence({"process": self._process, "came": {username: _hexes(rooms)}})
        if not before:
            self._tell(username, rooms, "online")

    def moved(self, username: str, rooms: Collection[UUID]) -> None:
        """Someone who is here is in other rooms now."""
        if username not in self._here:
            return
        new = set(rooms) - self._here[username]
        self._here[username] = set(rooms)
        publish.presence({"process": self._process, "came": {username: _hexes(rooms)}})
        self._tell(username, new, "online")

    def went(self, username: str) -> None:
        """Someone's last socket here has closed."""
        rooms = self._here.pop(username, set())
        publish.presence({"process": self._process, "went": username})
        if username not in self:
            self._tell(username, rooms, "offline")

    def hear(self, event: dict[str, Any]) -> None:
        """Takes what another process says."""
        process = event["process"]
        if process == self._process:
            return
        self._heard_at[process] = time.monotonic()
        people = self._elsewhere.setdefault(process, {})
        if "all" in event:
            said = {name: _ids(rooms) for name, rooms in event["all"].items()}
            for name in people.keys() - said.keys():
                self._forget(process, name)
            for name, rooms in said.items():
                self._hear_of(people, name, rooms)
            if event.get("asks"):
                self._say_all()
        elif "came" in event:
            for name, rooms in event["came"].items():
                self._hear_of(people, name, _ids(rooms))
        elif "went" in event:
            self._forget(process, event["went"])

    def beat(self, number: int) -> None:
        """Says the whole, and forgets processes that say nothing any more."""
        if number % SNAPSHOT_EVERY == 0:
            self._say_all()
        silent_since = time.monotonic() - FORGET_AFTER * settings.HEARTBEAT
        for process, heard_at in list(self._heard_at.items()):
            if heard_at < silent_since:
                for name in list(self._elsewhere.get(process, ())):
                    self._forget(process, name)
                self._elsewhere.pop(process, None)
                del self._heard_at[process]

    def _say_all(self, *, asks: bool = False) -> None:
        everyone = {name: _hexes(rooms) for name, rooms in self._here.items()}
        publish.presence({"process": self._process, "all": everyone, "asks": asks})

    def _hear_of(self, people: dict[str, set[UUID]], name: str, rooms: set[UUID]) -> None:
        known = self._here.get(name, set()).union(
            *(people.get(name, ()) for people in self._elsewhere.values())
        )
        people[name] = rooms
        self._tell(name, rooms - known, "online")

    def _forget(self, process: str, name: str) -> None:
        rooms = self._elsewhere.get(process, {}).pop(name, None)
        if rooms and name not in self:
            self._tell(name, rooms, "offline")

    def _tell(self, username: str, rooms: Iterable[UUID], state: str) -> None:
        """Tells those who share a room in which members see each other."""
        text = protocol.PresenceEvent(user=username, state=state).frame()
        self._tell_rooms(username, rooms, text)


def _hexes(rooms: Iterable[UUID]) -> list[str]:
    return [room.hex for room in rooms]


def _ids(rooms: Iterable[str]) -> set[UUID]:
    return {UUID(room) for room in rooms}
