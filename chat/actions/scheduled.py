"""Messages that are sent at a time."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.actions.messages import send_message
from chat.due import timer
from chat.models import Due
from chat.protocol import ChatError, Code, ErrorCode

KIND = "message.send"


def send_later(
    user: User,
    *,
    room: UUID,
    at: datetime,
    body: str,
    attachments: Sequence[UUID] = (),
    reply_to: UUID | None = None,
    code: Code | None = None,
) -> Due:
    """Stores a message that is sent at this time, as its sender may send then."""
    payload: dict[str, Any] = {"user": str(user.pk), "room": str(room), "body": body}
    if attachments:
        payload["attachments"] = [str(each) for each in attachments]
    if reply_to:
        payload["reply_to"] = str(reply_to)
    if code:
        payload["code"] = code.model_dump(mode="json", exclude_none=True)
    return timer.schedule(KIND, at, payload)


@timer.handles(KIND)
def _send(due: Due) -> None:
    what = due.payload
    user = User.objects.filter(pk=what["user"]).first()
    if user is None:
        raise ChatError(ErrorCode.NOT_FOUND, "Whoever wrote it is gone.")
    send_message(
        user,
        room=UUID(what["room"]),
        # A second run sends the same message, which the first one has stored.
        client_id=uuid.uuid5(due.pk, "message"),
        body=what["body"],
        attachments=[UUID(each) for each in what.get("attachments", ())],
        reply_to=UUID(what["reply_to"]) if "reply_to" in what else None,
        code=Code.model_validate(what["code"]) if "code" in what else None,
    )
