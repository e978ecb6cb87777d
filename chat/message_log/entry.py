"""What a room's log has of one message, and what one commit changes in a room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID


class LogEntry(NamedTuple):
    """A message as it stands in its room's log. A tuple, since the channel layer carries it as
    one, and since there is one for every message that a process hears of."""

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
