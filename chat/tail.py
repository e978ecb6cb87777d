"""The end of a room's log, as one process holds it."""

from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from chat import protocol
from chat.publish import Entry

RECENT = 500
"""Changes that are kept for those who come back."""
RECENT_SIZE = 512 * 1024
"""Characters that they may take up."""


class Tail:
    """Every message that stands after ``since`` and up to ``position``, encoded, in this order.

    A message that changes moves to the end, so there is at most one of each: its latest state.
    """

    def __init__(self, room: UUID, position: int, number: int) -> None:
        self.position = position
        self.number = number
        self.since = position
        self._room = room
        self._recent: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._size = 0
        self._composed: dict[int, str] = {}

    @property
    def count(self) -> int:
        """How many changes are held. Not a length: an empty tail is a tail and no falsehood."""
        return len(self._recent)

    def take(self, entry: Entry) -> None:
        """Takes a change that stands after all that is held."""
        position, number, id, encoded = entry
        self.position = position
        self.number = max(self.number, number)
        self._composed.clear()
        if replaced := self._recent.pop(id, None):
            self._size -= len(replaced[1])
        self._recent[id] = position, encoded
        self._size += len(encoded)
        while len(self._recent) > RECENT or self._size > RECENT_SIZE:
            _, (self.since, dropped) = self._recent.popitem(last=False)
            self._size -= len(dropped)

    def extend_back(self, entries: Iterable[Entry], since: int) -> None:
        """Adds older changes, all of those after ``since``."""
        older = OrderedDict(
            (id, (position, encoded))
            for position, _, id, encoded in entries
            if position <= self.since and id not in self._recent
        )
        self._size += sum(len(encoded) for _, encoded in older.values())
        self._recent = OrderedDict([*older.items(), *self._recent.items()])
        self.since = min(self.since, since)

    def changes_after(self, position: int) -> str:
        """The ``changes`` event for someone who stands there, not before ``since``.

        Many come back to the same position after a restart, so it is composed once.
        """
        if position not in self._composed:
            held = 0
            for at, _ in reversed(self._recent.values()):
                if at <= position:
                    break
                held += 1
            first = len(self._recent) - held
            page = list(islice(self._recent.values(), first, first + protocol.PAGE_LIMIT))
            more = held > len(page)
            self._composed[position] = protocol.changes_frame(
                self._room,
                [encoded for _, encoded in page],
                page[-1][0] if more else self.position,
                more=more,
            )
        return self._composed[position]
