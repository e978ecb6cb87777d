"""Messages to be stored, as tests write them."""

import uuid

from accounts.models import User
from chat.actions.drafts import Draft
from chat.protocol import MessageSend


def draft_of(sender: User, room: uuid.UUID, body: str) -> Draft:
    """A new message of this text."""
    return Draft(sender, MessageSend(room=room, client_id=uuid.uuid4(), body=body))
