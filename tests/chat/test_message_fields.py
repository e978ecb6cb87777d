"""A field that people may give a message comes to those who read it, and no step names it."""

import json
from uuid import uuid4

import pytest
from django.utils import timezone

from chat import protocol, serializers
from chat.models import Message
from chat.models.messages import CARRIED

pytestmark = pytest.mark.once

OTHERWISE = {"type", "ref", "room", "client_id", "body", "attachments", "reply_to"}
"""Those of ``message.send`` with a meaning of their own for the server."""


def test_every_other_field_is_carried() -> None:
    assert protocol.MessageSend.model_fields.keys() - OTHERWISE == CARRIED.keys()


def test_what_is_carried_has_one_name_everywhere() -> None:
    columns = {field.name for field in Message._meta.get_fields()}
    assert CARRIED.keys() <= columns & protocol.Message.model_fields.keys()


def test_readers_get_each_field_of_a_message_in_the_order_of_the_contract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The encoded message is not validated, so nothing else would miss one."""
    sender = uuid4()
    monkeypatch.setitem(serializers._usernames, sender, "ada")
    row = Message(
        id=uuid4(),
        room_id=uuid4(),
        number=1,
        position=1,
        sender_id=sender,
        client_id=uuid4(),
        created_at=timezone.now(),
    )
    for deleted_at in (None, timezone.now()):
        row.deleted_at = deleted_at
        (encoded,) = serializers.encode([row])
        assert list(json.loads(encoded)) == list(protocol.Message.model_fields)
        protocol.Message.model_validate_json(encoded, strict=True)
