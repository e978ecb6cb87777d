"""Strangers who ask people into rooms, where the server has such people asked."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.rooms import Room


class RoomRequest(models.Model):
    """Someone is asked into a room by a stranger, and has not accepted.

    The row stays when they refuse and when the room withdraws it, so that they are not asked again
    soon, and so that what its asker may do in a day counts it. It goes when they come into the
    room, by whatever way.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    room = models.ForeignKey(Room, models.CASCADE, related_name="requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="requests")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="asked")
    created_at = models.DateTimeField(default=timezone.now)
    refused_at = models.DateTimeField(null=True)
    """When they refused. A new request of whoever they have refused is made as one that they have
    refused too: they never see it, and its asker sees no difference."""
    withdrawn_at = models.DateTimeField(null=True)
    """When the room's moderators took it back, or when it was found that its asker could not let
    anybody in any more. ``refused_at`` stays, as the room must not learn of it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_request")]

    def __str__(self) -> str:
        return f"{self.user_id} is asked into {self.room_id}"
