"""Decides which process writes to a room's log first on MongoDB, which cannot lock rows.

MongoDB has no row locks. Several processes try to write at the next position, a unique index lets
one of them succeed, and the others try again. A process with slow queries could fail every time.
So a process that has failed a few times claims precedence: all others wait until it has written,
or until its claim expires.
"""

import threading
import time
import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from mediachat.databases import capabilities

COLLECTION = "chat_precedence"
LIMIT = 5.0
"""Seconds after which precedence ends by itself, should its process have died."""
LOOK_EVERY = 0.005
"""Seconds between two looks of those who wait."""


class Precedence(threading.local):
    """What one thread has to do with the precedence of others, and has claimed of its own."""

    def __init__(self) -> None:
        self._me = uuid.uuid4().hex
        self._rooms: list[str] = []
        self._has_claimed = False

    def respect(self, rooms: Collection[UUID]) -> None:
        """Waits for whoever goes first in one of these rooms, into which this thread will write."""
        self._rooms = sorted(room.hex for room in rooms)
        held = {"_id": {"$in": self._rooms}, "by": {"$ne": self._me}}
        end = time.monotonic() + LIMIT
        while claim := _collection().find_one(held | {"until": {"$gt": _now()}}):
            if time.monotonic() > end:
                _collection().delete_one(claim)  # by a clock that is ahead, or a process that died
                return
            time.sleep(LOOK_EVERY)

    def claim(self) -> None:
        """Goes first in the rooms into which this thread tries to write.

        Room by room in one order, so that two wait for each other and never in a circle.
        """
        if not capabilities.of(connection).writes_meet:
            return
        from pymongo.errors import DuplicateKeyError

        self._has_claimed = True
        for room in self._rooms:
            end = time.monotonic() + LIMIT
            while time.monotonic() < end:
                free = [{"by": self._me}, {"until": {"$lt": _now()}}]
                until = _now() + timedelta(seconds=LIMIT)
                try:
                    _collection().update_one(
                        {"_id": room, "$or": free},
                        {"$set": {"by": self._me, "until": until}},
                        upsert=True,
                    )
                    break
                except DuplicateKeyError:  # somebody else has it
                    time.sleep(LOOK_EVERY)
            else:
                _collection().delete_one({"_id": room})

    def end(self) -> None:
        """Lets others go, if they had to wait."""
        if self._has_claimed:
            self._has_claimed = False
            _collection().delete_many({"_id": {"$in": self._rooms}, "by": self._me})


def _collection() -> Any:
    return connection.get_collection(COLLECTION)  # type: ignore[attr-defined]


def _now() -> datetime:
    """As MongoDB keeps a time: in UTC, without saying so."""
    return datetime.now(UTC).replace(tzinfo=None)


precedence = Precedence()
