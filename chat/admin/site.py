"""The admin's front page and menu, which ``settings.UNFOLD`` names."""

from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chat.admin import links
from chat.models import AuditEntry, Message, Report

COUNTED_FOR = 60
"""Seconds for which a count is shown again: counting a day's messages reads them all."""
SHOWN = 5
"""How many reports and decisions the front page shows."""

MENU = [
    ("Moderation", [
        ("Reports", "flag", "chat", "report"),
        ("Messages", "chat", "chat", "message"),
        ("Files", "attach_file", "chat", "attachment"),
        ("Rooms", "forum", "chat", "room"),
        ("Members", "groups", "chat", "membership"),
        ("Audit log", "history", "chat", "auditentry"),
    ]),
    ("Accounts", [
        ("People", "person", "accounts", "user"),
        ("Groups", "shield_person", "auth", "group"),
    ]),
]  # fmt: skip


def icon(request: HttpRequest) -> str:
    return static("chat/icon.svg")


def stylesheet(request: HttpRequest) -> str:
    return static("moderation/admin.css")


def script(request: HttpRequest) -> str:
    return static("moderation/admin.js")


def time_zone_script(request: HttpRequest) -> str:
    return static("chat/scripts/time-zone.js")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Returns the menu without entries that this person may not see."""
    front = {"title": "Overview", "icon": "dashboard", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [front]}]
    for title, entries in MENU:
        items = [
            {"title": name, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")}
            for name, icon, app, model in entries
            if request.user.has_perm(f"{app}.view_{model}")
        ]
        groups.append({"title": title, "separator": True, "items": items})
    return groups


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Returns the front page's content, limited to what this person may see."""
    may = request.user.has_perm
    cards = []
    if may("chat.view_report"):
        open_reports = Report.objects.filter(settled_at__isnull=True)
        cards.append(
            ("Open reports", open_reports.count(), reverse("admin:chat_report_changelist"))
        )
        oldest = open_reports.select_related("message__sender", "message__room", "reporter")
        context["reports"] = [
            (report, links.to(report)) for report in oldest.order_by("created_at")[:SHOWN]
        ]
    if may("accounts.view_user"):
        cards.append(("People", _people(), reverse("admin:accounts_user_changelist")))
    if may("chat.view_message"):
        today = f"{reverse('admin:chat_message_changelist')}?which=all"
        cards.append(("Messages today", _messages_today(), today))
    if may("chat.view_auditentry"):
        context["entries"] = [
            (entry, links.to(entry)) for entry in AuditEntry.objects.all()[:SHOWN]
        ]
    context["cards"] = cards
    context["title"] = "Overview"
    return context


def _people() -> int:
    return _counted("people", User.objects.filter(is_active=True))


def _messages_today() -> int:
    """Counts messages since midnight in the viewer's time zone (mediachat/http/time_zone.py)."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    # Zones whose days began together share a count.
    name = f"messages-since-{midnight.timestamp():.0f}"
    return _counted(name, Message.objects.filter(created_at__gte=midnight))


def _counted(name: str, rows: QuerySet[Any]) -> int:
    key = f"admin:{name}"
    known = cache.get(key)
    if known is None:
        known = rows.count()
        cache.set(key, known, COUNTED_FOR)
    return known
