"""Models of strangers' requests that people join rooms."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.rooms import Room


class RoomRequest(models.Model):
    """A stranger's request that a person join a room, not accepted yet.

    The row stays after a refusal or a withdrawal, so that the person is not asked again soon, and
    so that it counts towards its sender's daily limit. It is deleted when the person joins the
    room, in any way.
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
