"""Sends messages at a scheduled time."""

import uuid
from datetime import datetime

from accounts.models import User
from chat.actions.drafts import Draft
from chat.actions.messages import send_messages
from chat.due import timer
from chat.models import Due
from chat.protocol import ChatError, ErrorCode, MessageSend

KIND = "message.send"


def send_later(user: User, command: MessageSend, *, at: datetime) -> Due:
    """Schedules a message, if its sender may send it at that time.

    The command's ``client_id`` is the id of the stored row, so a retry stores it only once.
    """
    payload = {"user": str(user.pk), "command": command.model_dump(mode="json", exclude_none=True)}
    return timer.schedule(KIND, at, payload, id=uuid.uuid5(user.pk, str(command.client_id)))


@timer.handles(KIND)
def _send(due: Due) -> None:
    user = User.objects.filter(pk=due.payload["user"]).first()
    if user is None:
        raise ChatError(ErrorCode.NOT_FOUND, "The sender no longer exists.")
    # A second run sends under the same client_id, and finds what the first one has stored.
    command = MessageSend.model_validate(due.payload["command"])
    (result,) = send_messages([Draft(user, command)])
    if isinstance(result, Exception):
        raise result
