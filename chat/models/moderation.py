"""Models of reports and of the audit log."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from chat.models.messages import Message


class Report(models.Model):
    """A person's report of a message, with the text at that moment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    message = models.ForeignKey(Message, models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reports")
    reason = models.TextField()
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True, db_index=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolution = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "reporter"], name="one_report_a_person")
        ]
        permissions = [("settle_report", "Can settle reports")]

    def __str__(self) -> str:
        return f"Report of {self.message_id}"


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Refuses to change or delete stored rows."""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("Audit entries are never changed.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> list["AuditEntry"]:
        if kwargs.get("update_conflicts"):
            raise TypeError("Audit entries are never changed.")
        return super().bulk_create(*args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit entries are never deleted.")

    def _raw_delete(self, using: str | None) -> int:
        raise TypeError("Audit entries are never deleted.")


class AuditEntry(models.Model):
    """A moderator's action: who, to whom, and why. Written once, never changed.

    The ORM refuses changes here; where the database has triggers, they refuse the SQL too
    (``chat.moderation.audit_triggers``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    actor = models.CharField(max_length=150)
    """Usernames and labels rather than references: an entry outlives what it speaks of."""
    action = models.CharField(max_length=50, db_index=True)
    target_type = models.CharField(max_length=50)
    target_id = models.CharField(max_length=50, db_index=True)
    target = models.CharField(max_length=255)
    reason = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "audit entries"
        # Django's own look-ups use the base manager, which would otherwise allow anything.
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit entries are never changed.")
        super().save(*args, **kwargs)

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        # An insert and nothing else: neither an entry made with the id of another nor a fixture
        # may replace what is there.
        super().save_base(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit entries are never deleted.")
