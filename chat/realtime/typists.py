"""Throttles typing events: a room gets one per person at intervals."""

import time
from collections import OrderedDict
from uuid import UUID

TYPING_EVERY = 2.0
"""Seconds between two typing events of a person in a room; clients send it every three."""


class Typists:
    """Those of this process, on whichever of their devices they type."""

    def __init__(self) -> None:
        # The oldest first. Each cost its person a unit of work, which bounds how many there are.
        self._told: OrderedDict[tuple[UUID, UUID], float] = OrderedDict()

    def is_news(self, user: UUID, room: UUID) -> bool:
        """Whether the room should be told now that this person types; if so, it counts as told."""
        now = time.monotonic()
        while self._told and next(iter(self._told.values())) <= now - TYPING_EVERY:
            self._told.popitem(last=False)
        if (user, room) in self._told:
            return False
        self._told[user, room] = now
        return True

    def wrote(self, user: UUID, room: UUID) -> None:
        """They sent what they typed: whatever they type next is news."""
        self._told.pop((user, room), None)
