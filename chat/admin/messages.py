"""The admin of messages: sender, room and time. Showing the text requires a reason."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from chat.admin import links
from chat.admin.decisions import ModeratedAdmin, ModerationAction
from chat.admin.filters import StartingFilter
from chat.models import Attachment, Message, Report, Revision
from chat.moderation import actions as moderation


class Which(StartingFilter):
    title = "messages"
    parameter_name = "which"
    start = "Reported or hidden"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("hidden", "Hidden"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        match self.value():
            case "all":
                return queryset
            case "hidden":
                return queryset.filter(hidden_at__isnull=False)
        reported = Report.objects.values("message_id")
        return queryset.filter(Q(pk__in=reported) | Q(hidden_at__isnull=False))


@admin.register(Message)
class MessageAdmin(ModeratedAdmin[Message]):
    list_display = ["title", "sender_name", "created_at", "states"]
    list_filter = [Which]
    also_looked_up = ["room__id__exact", "sender__id__exact"]
    search_fields = ["=sender__username", "room__name_folded"]
    search_help_text = "Find by a sender's whole username or a part of a room's name."
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "title",
        "states",
        "sender_link",
        "room_link",
        "created_at",
        "edited_at",
        "deleted_at",
        "hidden_at",
        "files",
        "reports_of_it",
        "words",
        "decided",
    ]
    decisions = [
        ModerationAction(
            name="hide_message",
            verb="Hide",
            consequence="It is shown as deleted, and its files are refused. What it said is kept.",
            permission="chat.hide_message",
            act=lambda actor, row, why: moderation.hide_message(actor, message=row.pk, reason=why),
            icon="visibility_off",
            is_open=lambda row: not row.is_gone,
            is_severe=True,
        ),
        ModerationAction(
            name="show_message",
            verb="Show again",
            consequence="Everyone in its room can read it again.",
            permission="chat.hide_message",
            act=lambda actor, row, why: moderation.show_message(actor, message=row.pk, reason=why),
            icon="visibility",
            is_open=lambda row: row.hidden_at is not None,
        ),
        ModerationAction(
            name="reveal_message",
            verb="Reveal",
            consequence="You will read what it says, once, and the audit log will say so.",
            permission="chat.reveal_message",
            act=lambda actor, row, why: [
                moderation.reveal_message(actor, message=row.pk, reason=why)
            ],
            icon="key",
            result="admin/revealed.html",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        reports = Report.objects.filter(message=OuterRef("pk"))
        rows = super().get_queryset(request).select_related("sender", "room")
        return rows.annotate(is_reported=Exists(reports))

    @display(description="Message")
    def title(self, row: Message) -> SafeString:
        return links.words(f"#{row.number} in {moderation.label(row.room)}")

    @display(description="Sender", ordering="sender__username")
    def sender_name(self, row: Message) -> SafeString:
        return links.words(row.sender.username)

    @display(description="Sender")
    def sender_link(self, row: Message) -> SafeString | str:
        return links.to(row.sender)

    @display(description="Room")
    def room_link(self, row: Message) -> SafeString | str:
        return links.to(row.room)

    @display(description="State", label=True)
    def states(self, row: Message) -> list[str]:
        all_states = {
            "Reported": row.is_reported,  # type: ignore[attr-defined]
            "Hidden": row.hidden_at,
            "Deleted": row.deleted_at,
            "Edited": row.edited_at,
        }
        return [state for state, holds in all_states.items() if holds]

    @display(description="Files")
    def files(self, row: Message) -> SafeString | str:
        found = Attachment.objects.filter(message=row.pk).select_related("owner")
        return links.each_on_a_line(links.to(file) for file in found)

    @display(description="Reports")
    def reports_of_it(self, row: Message) -> SafeString | str:
        found = row.reports.select_related("message__sender", "message__room", "reporter")
        return links.each_on_a_line(
            format_html("{}, by <bdi>{}</bdi>", links.to(report), report.reporter.username)
            for report in found.order_by("created_at")
        )

    @display(description="What it says")
    def words(self, row: Message) -> SafeString | str:
        if not row.is_reported:  # type: ignore[attr-defined]
            return "Shown only if it is reported, or revealed for a reason."
        return words(row)


def words(row: Message) -> SafeString:
    """Returns the text of a message, and its texts before edits."""
    earlier = Revision.objects.filter(message=row).order_by("position")
    lines = [format_html("Before an edit: {}", links.quoted(each.body)) for each in earlier]
    now = links.quoted(row.body) if row.body else format_html("{}", "No text.")
    return format_html("{}{}", now, links.each_on_a_line(lines) if lines else "")
