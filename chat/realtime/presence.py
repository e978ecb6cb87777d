"""Tracks who is online, in any process, and who sees it.

Presence is never stored. Each process publishes who comes and who goes; every third heartbeat it
publishes a digest of all, and a process with another digest requests the full list. The state of a
process expires after ten heartbeats of silence. A new process requests the full list of all others.

Changes within a moment are sent together, and a person who comes and goes within it is left out.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import reduce
from operator import xor
from typing import Any
from uuid import UUID

from django.conf import settings

from chat import broadcast, protocol
from chat.protocol import PresenceState
from chat.realtime.roster import Person, Rosters
from chat.realtime.socket_writer import Frame, frame

GATHER = 0.1
"""Seconds for which those who come and go are gathered, before they are sent in one frame."""
SNAPSHOT_EVERY = 3
"""Heartbeats after which a process says the digest of who is here."""
FORGET_AFTER = 10
"""Heartbeats of silence after which what a process said is forgotten."""


class Presence:
    """The people of all processes, by id.

    ``tell`` writes a frame to the sockets of one person here; ``apart_from`` says to whom here it
    is not told whether the person of a name is online.
    """

    def __init__(
        self,
        rosters: Rosters,
        tell: Callable[[UUID, Frame], None],
        apart_from: Callable[[str], Collection[UUID]],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._rosters = rosters
        rosters.watcher = self
        self._tell = tell
        self._apart_from = apart_from
        self._process = uuid.uuid4().hex
        self._here: set[UUID] = set()
        self._said: set[UUID] = set()
        """Those here of whom the other processes have heard."""
        self._elsewhere: dict[str, set[UUID]] = {}
        self._heard_at: dict[str, float] = {}
        self._told: set[UUID] = set()
        """Those who are online for the people here."""
        self._changed: dict[UUID, None] = {}
        """Those who have come or gone since that was last told, and ``_new`` those whose
        ``ready`` may have told it since."""
        self._new: set[UUID] = set()
        self._besides: dict[UUID, dict[Person, None]] = {}
        """Of whom each person here is to be told besides."""
        self._parted: dict[UUID, dict[Person, None]] = {}
        """Those of them whom they see no longer."""
        self._whole = False
        self._timer: asyncio.TimerHandle | None = None

    # -- Who is online, for whom -----------------------------------------------------------------

    def __contains__(self, user: UUID) -> bool:
        return user in self._here or any(user in people for people in self._elsewhere.values())

    def _may_see(self, viewer: UUID, person: Person) -> bool:
        """Whether someone may see if this person, with whom they both wrote in a room, is
        online."""
        return viewer not in self._apart_from(person.username)

    def seen_by(self, user: UUID) -> list[str]:
        """The usernames of all whom this person sees online."""
        viewer = self._rosters.people.get(user)
        if viewer is None:
            return []
        return sorted(
            person.username
            for person in viewer.circle()
            if person.id in self and self._may_see(user, person)
        )

    # -- What happens here -----------------------------------------------------------------------

    def introduce(self) -> None:
        """This process has begun to listen: says who is here, and asks who is elsewhere."""
        self._say_all(asks=True)

    def came(self, user: UUID) -> None:
        """Someone's socket here has been told who is online, perhaps not their first."""
        self._new.add(user)
        if user not in self._here:
            self._here.add(user)
            self._changes(user)

    def went(self, user: UUID) -> None:
        """Someone's last socket here has closed."""
        if user in self._here:
            self._here.remove(user)
            self._changes(user)

    def met(self, person: Person, others: Collection[Person]) -> None:
        """From now on a person sees these others, and they see them."""
        for viewer, seen in self._pairs(person, others):
            self._besides.setdefault(viewer, {})[seen] = None
            self._parted.get(viewer, {}).pop(seen, None)

    def parted(self, person: Person, others: Collection[Person]) -> None:
        """They see each other no longer."""
        for viewer, seen in self._pairs(person, others):
            self._besides.setdefault(viewer, {})[seen] = None
            self._parted.setdefault(viewer, {})[seen] = None

    def _pairs(self, person: Person, others: Collection[Person]) -> Iterator[tuple[UUID, Person]]:
        """Each of them who is here, with each whom they saw or see online."""
        for other in others:
            for viewer, seen in ((person.id, other), (other.id, person)):
                if viewer in self._here and seen.id in self:
                    self._soon()
                    yield viewer, seen

    # -- What other processes say ----------------------------------------------------------------

    def hear(self, event: dict[str, Any]) -> None:
        """Takes what another process says."""
        process = event["process"]
        if process == self._process:
            return
        self._heard_at[process] = time.monotonic()
        people = self._elsewhere.setdefault(process, set())
        if "all" in event:
            said = {UUID(user) for user in event["all"]}
            self._take(people, said - people, people - said)
            if event.get("asks"):
                self._say_all_soon()
        elif "digest" in event:
            if event["digest"] != _digest(people):
                broadcast.presence({"process": self._process, "asked": process})
        elif "asked" in event:
            if event["asked"] == self._process:
                self._say_all_soon()
        else:
            self._take(people, map(UUID, event["came"]), map(UUID, event["went"]))

    def beat(self, number: int) -> None:
        """Says the digest, and forgets processes that say nothing any more."""
        if number % SNAPSHOT_EVERY == 0:
            broadcast.presence({"process": self._process, "digest": _digest(self._said)})
        silent_since = time.monotonic() - FORGET_AFTER * settings.HEARTBEAT
        for process, heard_at in list(self._heard_at.items()):
            if heard_at < silent_since:
                self._take(self._elsewhere[process], (), list(self._elsewhere[process]))
                del self._elsewhere[process], self._heard_at[process]

    def _take(self, people: set[UUID], came: Iterable[UUID], went: Iterable[UUID]) -> None:
        for user in came:
            people.add(user)
            self._changes(user)
        for user in went:
            people.discard(user)
            self._changes(user)

    # -- Telling ---------------------------------------------------------------------------------

    def _changes(self, user: UUID) -> None:
        self._changed[user] = None
        self._soon()

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(GATHER, self._flush)

    def flush(self) -> None:
        """Tells at once what has been gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._flush()

    def _flush(self) -> None:
        self._timer = None
        changed, self._changed = self._changed, {}
        self._say(changed)
        new, self._new = self._here_of(self._new), set()
        here = self._here_of(self._here)
        told, self._besides = self._besides, {}
        parted, self._parted = self._parted, {}
        for user in changed:
            # Whoever is as before is told to those only who came meanwhile, and may have read
            # what was true for a moment.
            viewers = new if (user in self) == (user in self._told) else here
            (self._told.add if user in self else self._told.discard)(user)
            if person := self._rosters.people.get(user):
                for viewer in person.circle() & viewers:
                    told.setdefault(viewer.id, {})[person] = None
        self._write(told, parted)

    def _write(
        self, told: dict[UUID, dict[Person, None]], parted: dict[UUID, dict[Person, None]]
    ) -> None:
        """Tells each person here of all these in one frame; made once for those who hear the
        same."""
        states: dict[Person, str] = {}
        frames: dict[tuple[str, ...], Frame] = {}
        for viewer, people in told.items():
            if viewer not in self._here:
                continue
            apart = parted.get(viewer, {})
            texts = []
            for person in people:
                if not self._may_see(viewer, person):
                    continue
                if person not in states:
                    states[person] = _text(person, is_online=person.id in self)
                texts.append(_text(person, is_online=False) if person in apart else states[person])
            if not texts:
                continue
            key = tuple(texts)
            if key not in frames:
                frames[key] = frame(protocol.joined(texts))
            self._tell(viewer, frames[key])

    def _here_of(self, users: Iterable[UUID]) -> set[Person]:
        people = self._rosters.people
        return {person for user in users if (person := people.get(user))}

    def _say(self, changed: Iterable[UUID]) -> None:
        """Tells the other processes who has come here and gone."""
        came = [user for user in changed if user in self._here and user not in self._said]
        went = [user for user in changed if user in self._said and user not in self._here]
        self._said.update(came)
        self._said.difference_update(went)
        if self._whole:
            self._say_all()
        elif came or went:
            broadcast.presence(
                {"process": self._process, "came": _hexes(came), "went": _hexes(went)}
            )

    def _say_all_soon(self) -> None:
        self._whole = True
        self._soon()

    def _say_all(self, *, asks: bool = False) -> None:
        self._whole = False
        everyone = _hexes(self._said)
        broadcast.presence({"process": self._process, "all": everyone, "asks": asks})


def _text(person: Person, *, is_online: bool) -> str:
    state = PresenceState.ONLINE if is_online else PresenceState.OFFLINE
    return protocol.PresenceEvent.model_construct(user=person.username, state=state).frame()


def _digest(users: Collection[UUID]) -> str:
    """The same for the same people, in whatever order."""
    return f"{len(users)}:{reduce(xor, (user.int for user in users), 0):x}"


def _hexes(users: Sequence[UUID] | set[UUID]) -> list[str]:
    return [user.hex for user in users]
