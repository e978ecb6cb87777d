"""Models of uploaded files."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class Attachment(models.Model):
    """A stored file: uploaded first, then claimed by the message that shows it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="attachments")
    message = models.UUIDField(null=True, blank=True, db_index=True, editable=False)
    """The message that claimed it. Claimed before the message is stored: should the process
    die between the two, the retry of the same message finds its own claim."""
    room = models.UUIDField(null=True, blank=True, editable=False)
    """The room of that message: who may read it may download this."""
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    """In bytes, as stored."""
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=20, null=True, blank=True)
    """Why it is not shown, as ``protocol.AttachmentProblem`` has it."""
    metadata_kept = models.BooleanField(null=True, blank=True)
    """Whether it is a picture in which its camera's notes are still there."""
    file = models.FileField(upload_to="attachments/", max_length=255)
    thumbnail = models.FileField(upload_to="thumbnails/", max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "created_at"]),
            models.Index(fields=["created_at"]),  # what chat.media.storage_use asks at each upload
        ]

    def __str__(self) -> str:
        return self.name

    def summary(self) -> dict[str, Any]:
        """Returns the copy of an attachment that its message stores, so that a page of history is
        one query.
        """
        return {
            "id": str(self.id),
            "name": self.name,
            "content_type": self.content_type,
            "size": self.size,
            "width": self.width,
            "height": self.height,
            "thumbnail": bool(self.thumbnail),
            "problem": self.problem,
            "metadata_kept": bool(self.metadata_kept),
        }
