"""Strangers who ask people into rooms, where the server has such people asked."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.rooms import Room


class RoomRequest(models.Model):
    """Someone is asked into a room by a stranger, and has not accepted.

    The row stays when they refuse, so that they are not asked again soon, and so that what its
    asker may do in a day counts it. It goes when they accept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    room = models.ForeignKey(Room, models.CASCADE, related_name="requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="requests")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="asked")
    created_at = models.DateTimeField(default=timezone.now)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_request")]

    def __str__(self) -> str:
        return f"{self.user_id} is asked into {self.room_id}"
