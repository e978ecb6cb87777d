"""A read-only view of the audit log."""

from django.contrib import admin
from django.template.defaultfilters import truncatechars
from django.utils.safestring import SafeString
from unfold.decorators import display

from chat.admin import links
from chat.admin.decisions import ModeratedAdmin
from chat.admin.trail import action
from chat.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ModeratedAdmin[AuditEntry]):
    list_display = ["created_at", "actor", "what", "target", "why"]
    list_filter = ["action", "target_type", "created_at"]
    search_fields = ["=actor", "target", "=target_id", "reason"]
    search_help_text = "Find by the whole username of who did it, by what it was about, or why."
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "created_at",
        "actor",
        "what",
        "target",
        "target_type",
        "target_id",
        "why_in_full",
    ]

    @display(description="Action", ordering="action")
    def what(self, row: AuditEntry) -> str:
        return action(row)

    @display(description="Reason or change")
    def why(self, row: AuditEntry) -> SafeString:
        return links.words(truncatechars(row.reason, 80))

    @display(description="Reason or change")
    def why_in_full(self, row: AuditEntry) -> SafeString:
        return links.quoted(row.reason)
