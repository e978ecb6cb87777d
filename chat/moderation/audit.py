"""Writes the audit log; all entries are written here."""

from django.db.models import Model

from chat.models import AuditEntry


def record(actor: str, action: str, about: Model, *, target: str, reason: str) -> None:
    """Writes an entry: who did what, to what, and why, or exactly what changed."""
    AuditEntry.objects.create(
        actor=actor,
        action=action,
        target_type=about._meta.model_name or "",
        target_id=str(about.pk),
        target=target[:255],
        reason=reason,
    )
