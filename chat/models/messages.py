"""Models of messages, which form a room's log."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from chat.models.constraints import NeverReused
from chat.models.rooms import Room

CARRIED: dict[str, Any] = {"code": None}
"""What a message carries beside its text, its files and what it replies to, with what is left of
each after a deletion. These fields go from ``protocol.MessageSend`` through the row to
``protocol.Message`` under one name and as they are, a model as its fields: nothing else has to name
them."""


class Message(models.Model):
    """One message in its latest state, standing in its room's log at ``position``.

    The id is made from the sender and the ``client_id`` (``message_id``), so the primary key is
    what stops a retry from being stored twice. Everything that changes with the message lives
    in its row, so every change is one conditional update of one row
    (``chat.message_log.writer.change``), on databases without transactions too.
    """

    id = models.UUIDField(primary_key=True, editable=False, db_column="_id")
    room = models.ForeignKey(Room, models.CASCADE, related_name="messages", db_index=False)
    number = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField()
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages")
    client_id = models.UUIDField()
    body = models.TextField(blank=True)
    html = models.TextField(blank=True)
    excerpt = models.TextField(null=True, editable=False)
    """The beginning of the body as text, for those who quote it, made when the body is written.
    None where the body is plain text, or was written before there were excerpts."""
    reply_to = models.UUIDField(null=True, blank=True)
    attachments = models.JSONField(default=list, blank=True)
    """What the payload says of each attachment, less its URLs (``Attachment.summary``)."""
    mentions = models.JSONField(default=list, blank=True)
    reactions = models.JSONField(default=dict, blank=True)
    code = models.JSONField(null=True, blank=True)
    """Lines of code with where they are (``protocol.Code``); None for most messages."""
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    """Hidden by a moderator: shown as deleted, but kept for whoever settles the report."""
    gone_number = models.PositiveBigIntegerField(null=True, editable=False)
    """The number again where the message is deleted or hidden: these few are found by an index,
    and a room's unread messages are the rest of its numbers. Null where it is there to be read."""

    changed = False
    """Whether the action that returned this row changed it."""
    encoded = ""
    """The row as JSON for clients, where the action that returned it has made it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="one_message_a_number"),
            NeverReused(fields=["room", "position"], name="one_message_a_position"),
        ]
        indexes = [
            models.Index(fields=["room", "sender", "number"]),
            models.Index(fields=["room", "gone_number"]),
        ]
        permissions = [
            ("hide_message", "Can hide messages and show them again"),
            ("reveal_message", "Can read messages and files for a recorded reason"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} in {self.room_id}"

    @property
    def is_gone(self) -> bool:
        return self.deleted_at is not None or self.hidden_at is not None


def message_id(sender: uuid.UUID, client_id: uuid.UUID) -> uuid.UUID:
    """Returns the id of a message that this sender sends with this ``client_id``, in any room."""
    return uuid.uuid5(sender, client_id.hex)


class Revision(models.Model):
    """The text of a message before an edit. Deleting the message deletes its revisions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    message = models.ForeignKey(Message, models.CASCADE, related_name="revisions", db_index=False)
    position = models.PositiveBigIntegerField()
    """Where the message stood when it said this: an edit tried again writes it once."""
    body = models.TextField()
    replaced_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="one_revision_a_position")
        ]

    def __str__(self) -> str:
        return f"{self.message_id} at {self.position}"
