"""Registers followers of the rooms' logs: search indexes, notifications, webhooks, exports and the
like.

A follower gets every change of every room, in order and in batches, after the commit, so it delays
nobody. It may get a batch again, since a process can die between the work and storing the position;
so it derives the ids of what it stores from the ids of the messages.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from chat.models import Message

Handler = Callable[[UUID, Sequence[Message]], None]
"""Takes a room and some of its messages as they are now, in the order of position; all of a
room's, from the first position on, where it begins again."""

_followers: dict[str, Handler] = {}


def follower(name: str) -> Callable[[Handler], Handler]:
    """Registers a follower, which runs in a thread of its own.

    Raises:
        ValueError: the name is taken.
    """

    def register(handler: Handler) -> Handler:
        if name in _followers:
            raise ValueError(f"There is a follower {name} already.")
        _followers[name] = handler
        return handler

    return register


def unregister(name: str) -> None:
    del _followers[name]


def all_followers() -> Mapping[str, Handler]:
    return _followers
