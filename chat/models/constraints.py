"""Custom database constraints."""

from collections.abc import Sequence
from typing import Any

from django.db import models


class NeverReused(models.UniqueConstraint):
    """A unique constraint whose values are never reused by another row, even without locks.

    Between reading a room's head and writing after it, others may take the next position and
    leave it again: a message that is written there would stand before what has been shown. SQL
    databases lock the room meanwhile (``chat.message_log.locks``). On MongoDB the row
    remembers each value of the last of these fields, under a unique index
    (``mediachat.databases.mongodb``).

    ``remembered`` bounds that for rows that change all the time: so many of a row's last values.
    Writers take the newest value plus one, so the bound only has to be more than what one row can
    change while another writer is about to write.
    """

    never_reused = True

    def __init__(self, *args: Any, remembered: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remembered = remembered

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        if self.remembered is not None:
            kwargs["remembered"] = self.remembered
        return path, args, kwargs
