"""The admin of files: owner, room and time. Downloading one requires a reason."""

from django.contrib import admin
from django.http import Http404, StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from unfold.decorators import display

from chat.admin import links
from chat.admin.decisions import ModeratedAdmin, ModerationAction
from chat.api import downloads
from chat.models import Attachment, Message, Room
from chat.moderation import actions as moderation


@admin.register(Attachment)
class AttachmentAdmin(ModeratedAdmin[Attachment]):
    list_display = ["name", "content_type", "how_large", "owner_name", "created_at"]
    list_select_related = ["owner"]
    also_looked_up = ["owner__id__exact"]
    search_fields = ["=owner__username"]
    search_help_text = "Find by the owner's whole username."
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "name",
        "content_type",
        "how_large",
        "owner_link",
        "created_at",
        "message_link",
        "room_link",
        "decided",
    ]
    decisions = [
        ModerationAction(
            name="reveal_attachment",
            verb="Download",
            consequence="You will get the file as it was uploaded, and the audit log will say so. "
            "Open it with care.",
            permission="chat.reveal_message",
            act=lambda actor, row, why: moderation.reveal_attachment(
                actor, attachment=row.pk, reason=why
            ),
            icon="download",
            one_only=True,
            respond=lambda row: _as_download(row),
        )
    ]

    @display(description="Size", ordering="size")
    def how_large(self, row: Attachment) -> str:
        return filesizeformat(row.size)

    @display(description="Owner", ordering="owner__username")
    def owner_name(self, row: Attachment) -> SafeString:
        return links.words(row.owner.username)

    @display(description="Owner")
    def owner_link(self, row: Attachment) -> SafeString | str:
        return links.to(row.owner)

    @display(description="Message")
    def message_link(self, row: Attachment) -> SafeString | str:
        found = Message.objects.filter(pk=row.message) if row.message else Message.objects.none()
        return links.to(found.select_related("sender", "room").first())

    @display(description="Room")
    def room_link(self, row: Attachment) -> SafeString | str:
        return links.to(Room.objects.filter(pk=row.room).first() if row.room else None)


def _as_download(row: Attachment) -> StreamingHttpResponse:
    """Returns the file as a download: never shown in the page, least of all on the
    admin's origin.
    """
    try:
        file = downloads.opened(row.file.name or "", 0, row.size)
    except FileNotFoundError:
        raise Http404("The file is no longer stored.") from None
    content = downloads.chunks(file, row.size)
    response = StreamingHttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{row.pk.hex}"'
    response["Content-Length"] = str(row.size)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
