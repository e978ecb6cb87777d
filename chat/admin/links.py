"""How the admin's pages name things, and lead from one to another."""

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
    """A link to the page of a thing."""
    if row is None:
        return "-"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    address = reverse(name, args=[row.pk])
    return format_html('<a class="{}" href="{}"><bdi>{}</bdi></a>', LINK, address, label(row))


def to_list(text: str, model: str, **lookups: str) -> SafeString:
    """A link to a list that shows some of what there is; ``model`` is ``app_model``."""
    address = f"{reverse(f'admin:{model}_changelist')}?{urlencode(lookups)}"
    return format_html('<a class="{}" href="{}">{}</a>', LINK, address, text)


def words(text: str) -> SafeString:
    """A name or a line that someone wrote, which does not turn what stands around it."""
    return format_html("<bdi>{}</bdi>", text)


def quoted(text: str) -> SafeString:
    """What someone wrote, as they wrote it and never as markup."""
    return format_html('<div class="mc-quoted" dir="auto">{}</div>', text)


def each_on_a_line(lines: Iterable[SafeString | str]) -> SafeString | str:
    """Several lines in one field."""
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or "-"
