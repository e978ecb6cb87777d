"""A log's entry of one message, and the changes of one commit in a room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID


class LogEntry(NamedTuple):
    """A message at its position in the room's log. A tuple, because the channel layer carries it as
    one, and because a process receives one for every message.
    """

    position: int
    number: int
    id: str
    encoded: str
    """Its state as JSON."""


@dataclass(frozen=True, slots=True)
class RoomChanges:
    """Messages of one room that one commit stored or changed, in the order of position."""

    room: UUID
    members_version: int
    entries: Sequence[LogEntry]
    writers: Mapping[UUID, str] = field(default_factory=dict)
    """Those who have written here for the first time, with their usernames."""
