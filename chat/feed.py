"""What one process holds of one room: the tail of its log, and who follows it here."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from chat import protocol, socket
from chat.publish import Entry

if TYPE_CHECKING:
    from chat.hub import Connection

RECENT = 500
"""Changes that a feed keeps, for those who come back."""
RECENT_SIZE = 512 * 1024
"""Characters that they may take up."""


class Feed:
    """Takes a room's changes in order and forwards each to the connections, encoded once.

    ``tail`` is the position up to which everything has been forwarded, None before it is
    known. ``recent`` holds every message that stands after ``recent_from`` and up to ``tail``.
    """

    def __init__(self, room: UUID) -> None:
        self.room = room
        self.connections: dict[Connection, None] = {}
        self.pending: list[str] = []
        self.tail: int | None = None
        self.number = 0
        self.members_version = 0
        self.announced = 0
        self.idle = False
        self.recent: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self.recent_from = 0
        self._recent_size = 0
        self._composed: dict[int, str] = {}

    def start(self, position: int, number: int, members_version: int) -> None:
        """Begins at this head of the log."""
        self.tail = self.recent_from = self.announced = position
        self.number = number
        self.members_version = members_version

    def follows(self, position: int) -> bool:
        """Whether this position is the next one."""
        return self.tail is not None and position == self.tail + 1

    def take(self, entry: Entry) -> None:
        """Takes the next change as it happens and forwards it."""
        position, _, _, encoded = entry
        self._remember(entry)
        self.pending.append(protocol.message_frame(self.room, position, encoded))

    def catch_up(self, entries: Sequence[Entry]) -> None:
        """Takes what was missed and forwards it as one event."""
        for entry in entries:
            self._remember(entry)
        messages = [encoded for _, _, _, encoded in entries]
        self.pending.append(protocol.changes_frame(self.room, messages, entries[-1][0]))

    def extend_back(self, entries: Iterable[Entry], since: int) -> None:
        """Adds older changes, all those after ``since``, so that more can be answered."""
        older = OrderedDict(
            (id, (position, encoded))
            for position, _, id, encoded in entries
            if position <= self.recent_from and id not in self.recent
        )
        self._recent_size += sum(len(encoded) for _, encoded in older.values())
        self.recent = OrderedDict([*older.items(), *self.recent.items()])
        self.recent_from = min(self.recent_from, since)

    def changes_after(self, position: int) -> str | None:
        """The ``changes`` frame for someone who stands there; None if it is too long ago."""
        if self.tail is None or position < self.recent_from:
            return None
        if position not in self._composed:
            found: list[str] = []
            for at, encoded in reversed(self.recent.values()):
                if at <= position:
                    break
                found.append(encoded)
            more = len(found) > protocol.PAGE_LIMIT
            page = found[: -protocol.PAGE_LIMIT - 1 : -1]
            until = self._position_of(position, protocol.PAGE_LIMIT) if more else self.tail
            self._composed[position] = protocol.changes_frame(self.room, page, until, more=more)
        return self._composed[position]

    def flush(self) -> None:
        """Sends what is pending, as one frame, to everyone who is here."""
        if not self.pending:
            return
        frame = socket.frame(protocol.joined(self.pending))
        self.pending = []
        for connection in self.connections:
            connection.socket.write(frame)

    def _remember(self, entry: Entry) -> None:
        position, number, id, encoded = entry
        self.tail = position
        self.number = max(self.number, number)
        self._composed.clear()
        if replaced := self.recent.pop(id, None):
            self._recent_size -= len(replaced[1])
        self.recent[id] = position, encoded
        self._recent_size += len(encoded)
        while len(self.recent) > RECENT or self._recent_size > RECENT_SIZE:
            _, (oldest, dropped) = self.recent.popitem(last=False)
            self.recent_from = oldest
            self._recent_size -= len(dropped)

    def _position_of(self, after: int, count: int) -> int:
        """Where the ``count``-th change after a position stands."""
        positions = (at for at, _ in self.recent.values() if at > after)
        return next(at for n, at in enumerate(positions, 1) if n == count)
