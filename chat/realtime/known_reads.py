"""Tracks which read marks the sockets of one process have received."""

from collections.abc import Iterable
from uuid import UUID


class KnownReads(dict[UUID, int]):
    """The sum of the read marks of a person that all their sockets have been told of; left out
    where it is not known. The heartbeat compares it with the database's."""

    def greet(self, user: UUID, marks: Iterable[int], *, is_first: bool) -> None:
        """Takes what one of someone's sockets has just been told in full."""
        told = sum(marks)
        if is_first:
            self[user] = told
        elif self.get(user) != told:
            self.pop(user, None)  # their other sockets have been told of something else

    def move(self, user: UUID, by: int) -> None:
        """Takes that a mark of someone's moved, and that their sockets are told."""
        if user in self:
            self[user] += by
