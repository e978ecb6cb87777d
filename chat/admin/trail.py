"""Shows the audit log's entries about one object."""

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from chat.admin import links
from chat.models import AuditEntry

SHOWN = 20
"""How many of the newest entries a page shows; the log itself has them all."""


def trail(row: Model) -> SafeString | str:
    """Returns the newest entries as a list."""
    entries = AuditEntry.objects.filter(
        target_type=row._meta.model_name or "", target_id=str(row.pk)
    )[:SHOWN]
    if not entries:
        return "Nothing has been decided about this."
    everything = links.to_list("All of it", "chat_auditentry", q=str(row.pk))
    return format_html(
        '<ol class="flex flex-col gap-2">{}</ol>{}',
        format_html_join(
            "",
            '<li><span class="text-font-important-light dark:text-font-important-dark">{}</span>'
            " by <bdi>{}</bdi>, {}: <bdi>{}</bdi></li>",
            (
                (
                    action(entry),
                    entry.actor,
                    date_format(localtime(entry.created_at), "DATETIME_FORMAT"),
                    entry.reason,
                )
                for entry in entries
            ),
        ),
        everything if len(entries) == SHOWN else "",
    )


def action(entry: AuditEntry) -> str:
    """Returns an action's name, to show to people."""
    return entry.action.replace("_", " ").capitalize()
