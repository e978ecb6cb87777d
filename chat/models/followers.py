"""Models of the progress of log followers."""

import uuid

from django.db import models

from chat.models.rooms import Room

NAMESPACE = uuid.UUID("6c1e0a4e-9f0b-4a55-9a8e-0f8d3c2f5b71")


class Follower(models.Model):
    """One follower's position in one room (``chat.followers``). Without a row, it has not begun."""

    id = models.UUIDField(primary_key=True, editable=False, db_column="_id")
    """Made from name and room, so that two processes cannot make two."""
    name = models.CharField(max_length=40)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(default=0)
    """It has had all changes up to this one; 0 has it begin again."""
    lease_until = models.DateTimeField(null=True)
    """Until then a process works on it."""

    class Meta:
        indexes = [models.Index(fields=["name", "room"])]

    def __str__(self) -> str:
        return f"{self.name} in {self.room_id} at {self.position}"


def follower_id(name: str, room: uuid.UUID) -> uuid.UUID:
    """Returns the id of this follower's row for this room."""
    return uuid.uuid5(NAMESPACE, f"{name} {room}")
