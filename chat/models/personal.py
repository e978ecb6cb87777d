"""Models of changes that affect one person's view of the chat only."""

import uuid

from django.conf import settings
from django.db import models

from chat.models.constraints import NeverReused

NAMESPACE = uuid.UUID("b0b9b0d2-3f8e-4c0e-9d53-2b6f0f8a7e41")


class PersonalChange(models.Model):
    """The newest value of one thing in a person's log (``chat.actions.personal``).

    There is one row for each thing. A change moves it to the next version of the person's log, as a
    change of a message moves it to the next position of its room's log. So the log is as long as
    there are things, and changes never make it grow.
    """

    id = models.UUIDField(primary_key=True, editable=False, db_column="_id")
    """Made from person, kind and key, so that two processes cannot make two."""
    # The constraint below finds the rows of a person.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    version = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    """What of this kind it is about, such as the id of a room."""
    value = models.JSONField()

    class Meta:
        constraints = [
            NeverReused(fields=["user", "version"], name="one_change_a_version", remembered=1_000)
        ]
        indexes = [models.Index(fields=["user", "kind", "key"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} of {self.user_id}, version {self.version}"


def change_id(user: uuid.UUID, kind: str, key: str) -> uuid.UUID:
    """Returns the id of the row with this thing's value for this person."""
    return uuid.uuid5(NAMESPACE, f"{user} {kind} {key}")
