"""Constraints of our own."""

from django.db import models


class NeverReused(models.UniqueConstraint):
    """Unique, and what one row has had no other row ever gets, where nothing is locked.

    Between reading a room's head and writing after it, others may take the next position and
    leave it again: a message that is written there would stand before what has been shown. SQL
    databases lock the room meanwhile (``chat.message_log.locks``). On MongoDB the row
    remembers each value of the last of these fields, under a unique index
    (``mediachat.databases.mongodb``).
    """

    never_reused = True
