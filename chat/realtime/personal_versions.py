"""Tracks which versions of people's own logs the sockets of one process have received."""

from collections.abc import Callable
from uuid import UUID

from chat import protocol
from chat.realtime.room_feed import Connection
from chat.realtime.socket_writer import Frame, frame


class PersonalVersions:
    """The newest version of each person's log that all their sockets here know of.

    A socket before its ``ready`` receives nothing: changes until then are sent after it. ``tell``
    writes to all sockets of a person that have had ``ready``.
    """

    def __init__(self, tell: Callable[[UUID, Frame], None]) -> None:
        self._tell = tell
        self._known: dict[UUID, int] = {}

    def __getitem__(self, user: UUID) -> int:
        return self._known.get(user, 0)

    def hear(self, user: UUID, version: int, text: str) -> None:
        """Takes a change of a connected person, and forwards it unless it is old."""
        if version > self[user]:
            self._known[user] = version
            self._tell(user, frame(text))

    def greet(self, connection: Connection, version: int) -> None:
        """Takes that a socket has just been greeted with this version."""
        user = connection.user.pk
        known = self._known.setdefault(user, version)
        if version < known:  # something was heard since that was read
            connection.socket.write(frame(_missed(known)))
        else:
            self.reach(user, version)

    def reach(self, user: UUID, version: int) -> None:
        """Takes the version that the database has of someone who is here: their sockets ask for
        what they missed."""
        if version > self[user]:
            self.hear(user, version, _missed(version))

    def drop(self, user: UUID) -> None:
        self._known.pop(user, None)

    def clear(self) -> None:
        """Another history: all of them count from the beginning."""
        self._known.clear()


def _missed(version: int) -> str:
    return protocol.MeChanged(version=version, changes=[]).frame()
