"""Formats names and links for the admin's pages."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chat.moderation.actions import label

LINK = "text-primary-600 underline dark:text-primary-500"
ALARM = "font-semibold text-red-700 dark:text-red-400"


def to(row: Model | None) -> SafeString | str:
    """Returns a link to an object's page."""
    if row is None:
        return "-"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    address = reverse(name, args=[row.pk])
    return format_html('<a class="{}" href="{}"><bdi>{}</bdi></a>', LINK, address, label(row))


def to_list(text: str, model: str, **lookups: str) -> SafeString:
    """Returns a link to a filtered list; ``model`` is ``app_model``."""
    address = f"{reverse(f'admin:{model}_changelist')}?{urlencode(lookups)}"
    return format_html('<a class="{}" href="{}">{}</a>', LINK, address, text)


def words(text: str) -> SafeString:
    """Returns a name or a line by a person, isolated so that it cannot reorder the text
    around it.
    """
    return format_html("<bdi>{}</bdi>", text)


def quoted(text: str) -> SafeString:
    """Returns a person's text as written and never as markup."""
    return format_html('<div class="mc-quoted" dir="auto">{}</div>', text)


def each_on_a_line(lines: Iterable[SafeString | str]) -> SafeString | str:
    """Returns several lines for one field."""
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or "-"
