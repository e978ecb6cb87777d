"""Someone who comes, without a websocket."""

import json
import uuid
from typing import Any

from accounts.models import User


class FakeConnection:
    """A connection, for a hub or a feed, that keeps what is written to it."""

    address = ""

    def __init__(self, user: User, session_key: str = "") -> None:
        self.user, self.session_key = user, session_key
        self.rooms: set[uuid.UUID] = set()
        self.socket: Any = self
        self.is_open, self.is_late = True, False
        self.closed_with: int | None = None
        self.frames: list[dict[str, Any]] = []

    def write(self, frame: dict[str, str]) -> None:
        written = json.loads(frame["text"])
        self.frames += written if isinstance(written, list) else [written]

    def close(self, code: int) -> None:
        self.is_open, self.closed_with = False, code

    def take(self) -> list[dict[str, Any]]:
        """What was written since this was asked before."""
        frames, self.frames = self.frames, []
        return frames

    def positions(self) -> list[int]:
        """Those of the messages among it."""
        return [frame["position"] for frame in self.take() if frame["type"] == "message"]
