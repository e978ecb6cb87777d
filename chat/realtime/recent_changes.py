"""The recent changes of a room's log, as one process holds them."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice
from sys import getsizeof
from uuid import UUID

from chat import protocol
from chat.message_log.entry import LogEntry

RECENT = 500
"""Changes of a room that are kept for those who come back."""
RECENT_SIZE = 512 * 1024
"""Bytes of memory that they may take up."""
COMPOSED_SIZE = 1024 * 1024
"""Bytes of memory for the answers to ``sync`` that one room keeps: of the largest there are four
at least, and nearly all who come back to a room stand at one or two positions."""
TOGETHER = 64 * 1024 * 1024
"""Bytes of memory for all of that in one process, for all rooms together."""


class RecentChangesMemory:
    """What the tails of one process hold together; the one that was used longest ago gives up
    what it has when there is too much. The database has it all."""

    def __init__(self, limit: int = TOGETHER) -> None:
        self.size = 0
        self._limit = limit
        self._tails: OrderedDict[RecentChanges, None] = OrderedDict()

    def note(self, tail: "RecentChanges", growth: int) -> None:
        """Records that this tail was used, and changed by so many bytes."""
        self.size += growth
        self._tails[tail] = None
        self._tails.move_to_end(tail)
        while self.size > self._limit and len(self._tails) > 1:
            next(iter(self._tails)).give_up()

    def forget(self, tail: "RecentChanges", size: int) -> None:
        """This tail holds nothing any more of that."""
        self.size -= size
        self._tails.pop(tail, None)


class RecentChanges:
    """Every message that stands after ``since`` and up to ``position``, encoded, in this order.

    A message that changes moves to the end, so there is at most one of each: its latest state.
    """

    def __init__(
        self, room: UUID, position: int, number: int, memory: RecentChangesMemory | None = None
    ) -> None:
        self.position = position
        self.number = number
        self.since = position
        self._room = room
        self._memory = memory or RecentChangesMemory()
        self._recent: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._size = 0
        self._composed: OrderedDict[int, str] = OrderedDict()
        self._composed_size = 0
        self._is_full = False

    @property
    def count(self) -> int:
        """How many changes are held. Not a length: an empty tail is a tail and no falsehood."""
        return len(self._recent)

    @property
    def free(self) -> int:
        """How many older changes may be added; 0 also where some were too large to be."""
        return 0 if self._is_full else RECENT - len(self._recent)

    @property
    def size(self) -> int:
        """Bytes of memory that are held."""
        return self._size + self._composed_size

    def whole(self) -> list[tuple[int, str]]:
        """Position and state of every message of the room, where none has left a hole; else
        nothing."""
        held = self.since == 0 and len(self._recent) == self.position
        return list(self._recent.values()) if held else []

    def take(self, entry: LogEntry) -> None:
        """Takes a change that stands after all that is held."""
        before = self._size + self._composed_size
        position, number, id, encoded = entry
        self.position = position
        if number > self.number:
            self.number = number
        if self._composed:
            self._composed.clear()
            self._composed_size = 0
        if replaced := self._recent.pop(id, None):
            self._size -= getsizeof(replaced[1])
        self._recent[id] = position, encoded
        self._size += getsizeof(encoded)
        while len(self._recent) > RECENT or self._size > RECENT_SIZE:
            _, (self.since, dropped) = self._recent.popitem(last=False)
            self._size -= getsizeof(dropped)
        self._memory.note(self, self._size + self._composed_size - before)

    def extend_back(self, entries: Sequence[LogEntry], since: int) -> None:
        """Adds older changes, all of those after ``since``, or the newest that it has room for."""
        before = self.size
        older: list[tuple[str, tuple[int, str]]] = []
        for position, _, id, encoded in reversed(entries):
            if position > self.since or id in self._recent:
                continue
            size = getsizeof(encoded)
            if len(older) + len(self._recent) >= RECENT or self._size + size > RECENT_SIZE:
                since = position
                self._is_full = True
                break
            older.append((id, (position, encoded)))
            self._size += size
        self._recent = OrderedDict([*reversed(older), *self._recent.items()])
        self.since = min(self.since, since)
        self._memory.note(self, self.size - before)

    def give_up(self) -> None:
        """Holds nothing any more but where the log ends."""
        self._memory.forget(self, self.size)
        self.since = self.position
        self._recent.clear()
        self._composed.clear()
        self._size = self._composed_size = 0
        self._is_full = False

    def changes_after(self, position: int) -> str:
        """The ``changes`` event for someone who stands there, not before ``since``.

        Many come back to the same position after a restart, so it is composed once.
        """
        if position in self._composed:
            self._composed.move_to_end(position)
            return self._composed[position]
        before = self.size
        composed = self._compose(position)
        self._composed[position] = composed
        self._composed_size += getsizeof(composed)
        while self._composed_size > COMPOSED_SIZE:
            _, dropped = self._composed.popitem(last=False)
            self._composed_size -= getsizeof(dropped)
        self._memory.note(self, self.size - before)
        return composed

    def _compose(self, position: int) -> str:
        held = 0
        for at, _ in reversed(self._recent.values()):
            if at <= position:
                break
            held += 1
        first = len(self._recent) - held
        found = list(islice(self._recent.values(), first, first + protocol.PAGE_LIMIT))
        page = found[: protocol.page_end(protocol.wire_size(encoded) for _, encoded in found)]
        more = held > len(page)
        return protocol.changes_frame(
            self._room,
            [encoded for _, encoded in page],
            page[-1][0] if more else self.position,
            more=more,
        )
