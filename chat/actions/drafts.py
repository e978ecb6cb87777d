"""Drafts of messages, and their rendering."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from accounts.models import User
from chat import permissions
from chat.models import Message
from chat.models.messages import message_id
from chat.permissions import Permission
from chat.protocol import BODY_LIMIT, Code, MessageSend
from chat.rendering import text


@dataclass(slots=True)
class Draft:
    """A message that a person wants to send."""

    sender: User
    command: MessageSend
    rendered: text.Rendered | None = None
    """The body as HTML, where it has been made before the draft waits for the log."""
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        self.id = message_id(self.sender.pk, self.command.client_id)


def render(body: str, code: Code | None = None) -> text.Rendered:
    """Renders the body as HTML, with the code after it. A long one takes tens of milliseconds, so
    do not call it in the log's thread.
    """
    rendered = text.render(body[:BODY_LIMIT]) if body or not code else text.Rendered("")
    if code is None:
        return rendered
    html = rendered.html + text.code_block(code.text, code.language)
    return replace(rendered, html=html)


def render_draft(draft: Draft) -> text.Rendered:
    """Renders a draft, after checking that its sender may send it.

    Raises:
        ChatError: ``not_found``, ``forbidden``.
    """
    if Message.objects.filter(pk=draft.id).exists():
        return text.Rendered("")  # it is found by its id, and not stored again
    permissions.room_for(draft.sender, draft.command.room, Permission.SEND)
    return render(draft.command.body, draft.command.code)
