"""Models of things that are due at a time."""

import uuid

from django.db import models


class Due(models.Model):
    """A thing to do once, at a time or soon after it (``chat.due``).

    The row is deleted when the thing is done. The handler derives its own ids from the row's, so
    that a second run finds what the first has stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    kind = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    payload = models.JSONField(default=dict)
    """What the handler of this kind needs to know."""
    lease_until = models.DateTimeField(null=True)
    """Until then a process works on it, or it rests after an error."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """How often it has failed."""
    failed_at = models.DateTimeField(null=True)
    """When it was given up; ``manage.py due`` lists it and tries it again."""
    error = models.CharField(max_length=300, default="")
    """Why it failed the last time."""

    class Meta:
        verbose_name_plural = "due"
        indexes = [models.Index(fields=["failed_at", "due_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
