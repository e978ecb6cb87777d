"""What happened, as the programs of all people saw it: every frame, and everything asked for."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Frame = dict[str, Any]
Messages = dict[str, Frame]
"""Messages of one room by id."""


@dataclass(frozen=True, slots=True)
class Received:
    """One object from the server, answers included."""

    at: float
    """Seconds by this machine's monotonic clock, as everywhere here."""
    client: str
    user: str
    connection: int
    """Counts the connections of this client."""
    frame: Frame


@dataclass(slots=True)
class Asked:
    """One command, which its client repeats until it is answered."""

    client: str
    user: str
    kind: str
    fields: Frame
    at: float
    attempts: int = 0
    answered_at: float | None = None
    answer: Frame | None = None

    @property
    def is_done(self) -> bool:
        """Whether the server said that it was done."""
        return self.answer is not None and self.answer["type"] == "reply"

    @property
    def may_be_done_later(self) -> bool:
        """Whether an attempt may take effect whatever the answer was: one of those before it may
        still have been under way, on another process, when the last one was answered."""
        return self.answer is None or self.attempts > 1


@dataclass(slots=True)
class Failure:
    """When a part of the product was out of order."""

    name: str
    began: float
    ended: float = float("inf")


@dataclass
class History:
    """In the order of time."""

    received: list[Received] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    closings: Counter[int | None] = field(default_factory=Counter)
    """How often connections ended with which code; None where they ended without one."""

    def receive(self, client: str, user: str, connection: int, frame: Frame) -> None:
        self.received.append(Received(time.monotonic(), client, user, connection, frame))

    def ask(self, client: str, user: str, kind: str, fields: Frame) -> Asked:
        asked = Asked(client, user, kind, fields, time.monotonic())
        self.asked.append(asked)
        return asked

    def done(self, *kinds: str) -> Iterator[Asked]:
        """What was asked for of these kinds, and answered with a reply."""
        return (each for each in self.asked if each.kind in kinds and each.is_done)

    def write(self, path: Path) -> None:
        """Writes all of it down, one line of JSON for each thing that happened, by time."""
        happened = [
            *((each.at, {"received": asdict(each)}) for each in self.received),
            *((each.at, {"asked": asdict(each)}) for each in self.asked),
            *((each.began, {"failure": asdict(each)}) for each in self.failures),
        ]
        happened.sort(key=lambda each: each[0])
        with path.open("w") as file:
            file.writelines(f"{json.dumps(what, ensure_ascii=False)}\n" for _, what in happened)


@dataclass
class Final:
    """What everybody had when all was quiet, beside what the server itself says then."""

    stored: dict[str, list[Frame]]
    """The messages of each room by number, as its whole history was read over HTTP."""
    members: dict[str, set[str]]
    """Who is in each room, by username."""
    read: dict[str, dict[str, int]]
    """How far each person has read in each of their rooms, as a new connection is told."""
    names: dict[str, dict[str, str]]
    """What each person's rooms are called."""
    users: dict[str, str]
    """Whose each client is."""
    held: dict[str, dict[str, Messages]]
    """What each client holds of each room that it thinks it is in."""
    held_read: dict[str, dict[str, int]]
    """How far its person has read in each room, as each client knows it."""
    held_names: dict[str, dict[str, str]]
    """What each client takes its rooms to be called."""
