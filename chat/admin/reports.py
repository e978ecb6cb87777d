"""The admin of reports: the moderators' queue."""

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.models import User
from chat.admin import links
from chat.admin.decisions import ModeratedAdmin, ModerationAction
from chat.admin.filters import StartingFilter
from chat.admin.messages import words
from chat.models import Attachment, Message, Report
from chat.moderation import actions as moderation


class OpenOrSettled(StartingFilter):
    title = "state"
    parameter_name = "state"
    start = "Open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("settled", "Settled"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        match self.value():
            case "all":
                return queryset
            case "settled":
                return queryset.filter(settled_at__isnull=False)
        return queryset.filter(settled_at__isnull=True)


@admin.register(Report)
class ReportAdmin(ModeratedAdmin[Report]):
    list_display = ["title", "complaint", "reporter_name", "created_at", "state"]
    list_filter = [OpenOrSettled]
    also_looked_up = ["message__id__exact", "reporter__id__exact"]
    search_fields = ["=reporter__username", "=message__sender__username"]
    search_help_text = "Find by the whole username of who reported, or of who was reported."
    ordering = ["created_at"]
    fieldsets = [
        (None, {"fields": ["state", "complaint_in_full", "reporter_link", "created_at"]}),
        (
            "What was reported",
            {
                "fields": [
                    "body_then",
                    "body_now",
                    "message_link",
                    "sender_link",
                    "room_link",
                    "files",
                    "others",
                ]
            },
        ),
        (
            "What was decided",
            {"fields": ["settled_by_name", "settled_at", "resolution", "decided"]},
        ),
    ]
    decisions = [
        ModerationAction(
            name="settle_report",
            verb="Settle",
            consequence="It leaves the queue. The reason is what you decided.",
            permission="chat.settle_report",
            act=lambda actor, row, why: moderation.settle_report(
                actor, report=row.pk, resolution=why
            ),
            icon="check",
            is_open=lambda row: row.settled_at is None,
        ),
        ModerationAction(
            name="reveal_context",
            verb="Reveal context",
            consequence="You will read the messages around it, once, and the audit log will "
            "say so.",
            permission="chat.reveal_message",
            act=lambda actor, row, why: moderation.reveal_context(actor, report=row.pk, reason=why),
            icon="key",
            one_only=True,
            result="admin/revealed.html",
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Report | None = None) -> list[str]:
        return [field for _, options in self.fieldsets for field in options["fields"]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        rows = super().get_queryset(request)
        return rows.select_related("message__sender", "message__room", "reporter", "settled_by")

    def offers(self, request: HttpRequest, row: Report) -> list[tuple[ModerationAction[Any], str]]:
        """Returns the actions on the report, on its message and on its sender."""
        here = request.get_full_path()
        about: list[tuple[Any, Any, str, str]] = [
            (Message, row.message, "hide_message", "Hide message"),
            (User, row.message.sender, "suspend_user", "Suspend sender"),
        ]
        more = []
        for model, thing, name, verb in about:
            other = self.admin_site.get_model_admin(model)
            more += [
                (replace(each, verb=verb), other.address(name, [thing.pk], back=here))
                for each in other.permitted(request)
                if each.name == name and each.is_open(thing)
            ]
        return [*super().offers(request, row), *more]

    @display(description="Message")
    def title(self, row: Report) -> SafeString:
        return links.words(moderation.label(row.message))

    @display(description="Reason")
    def complaint(self, row: Report) -> SafeString:
        return links.words(truncatechars(row.reason, 80))

    @display(description="Reason")
    def complaint_in_full(self, row: Report) -> SafeString:
        return links.quoted(row.reason)

    @display(description="Reported by", ordering="reporter__username")
    def reporter_name(self, row: Report) -> SafeString:
        return links.words(row.reporter.username)

    @display(description="Reported by")
    def reporter_link(self, row: Report) -> SafeString | str:
        return links.to(row.reporter)

    @display(description="State", label={"Open": "warning", "Settled": "success"})
    def state(self, row: Report) -> str:
        return "Settled" if row.settled_at else "Open"

    @display(description="What it said then")
    def body_then(self, row: Report) -> SafeString:
        return links.quoted(row.body or "No text.")

    @display(description="What it says now")
    def body_now(self, row: Report) -> SafeString | str:
        if row.message.deleted_at:
            return "Deleted by its sender or a moderator of its room."
        hidden = "Hidden. " if row.message.hidden_at else ""
        return format_html("{}{}", hidden, words(row.message))

    @display(description="Message")
    def message_link(self, row: Report) -> SafeString | str:
        return links.to(row.message)

    @display(description="Sender")
    def sender_link(self, row: Report) -> SafeString | str:
        return links.to(row.message.sender)

    @display(description="Room")
    def room_link(self, row: Report) -> SafeString | str:
        return links.to(row.message.room)

    @display(description="Files")
    def files(self, row: Report) -> SafeString | str:
        found = Attachment.objects.filter(message=row.message_id).select_related("owner")
        return links.each_on_a_line(links.to(file) for file in found)

    @display(description="Other reports")
    def others(self, row: Report) -> SafeString | str:
        found = Report.objects.filter(message=row.message_id).exclude(pk=row.pk)
        return links.each_on_a_line(
            format_html(
                "<bdi>{}</bdi>: <bdi>{}</bdi>",
                each.reporter.username,
                truncatechars(each.reason, 200),
            )
            for each in found.select_related("reporter").order_by("created_at")
        )

    @display(description="Settled by")
    def settled_by_name(self, row: Report) -> SafeString | str:
        return links.words(row.settled_by.username) if row.settled_by else "-"
