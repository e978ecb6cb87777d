"""Whom a message calls, and that it shows as a mention nobody else."""

import re
import uuid

import pytest

from chat.actions import messages
from chat.models import Membership, Message
from chat.protocol import ChatError
from tests.conftest import person
from tests.support.drafts import draft_of

pytestmark = pytest.mark.django_db


def drawn(html: str) -> list[str]:
    return re.findall(r'class="mention" data-username="([^"]*)"', html)


def send(user, room, body: str):
    return messages.send_message(user, room=room.pk, client_id=uuid.uuid4(), body=body)


def test_only_people_of_the_room_are_called(owner, member, outsider, suspended, private_room):
    body = "@owner @member, @outsider @suspended @nobody @all @here @channel @room"
    message = send(owner, private_room, body)
    assert message.mentions == drawn(message.html) == ["owner", "member"]
    assert "@outsider" in message.html and "@all" in message.html


def test_nor_are_others_in_a_public_room(owner, member, outsider, public_room):
    message = send(owner, public_room, "@outsider @member")
    assert message.mentions == drawn(message.html) == ["member"]


def test_messages_of_one_batch_call_people_of_their_own_rooms(
    owner, member, outsider, private_room, direct_room
):
    Membership.objects.create(room=private_room, user=outsider)
    drafts = [draft_of(owner, room.pk, "@outsider") for room in (private_room, direct_room)]
    first, second = messages.send_messages(drafts)
    assert isinstance(first, Message) and isinstance(second, Message)
    assert first.mentions == ["outsider"] and second.mentions == []
    assert drawn(second.html) == []


def test_an_edit_decides_again(owner, member, outsider, private_room):
    message = send(owner, private_room, "@outsider come")
    assert drawn(message.html) == []
    Membership.objects.create(room=private_room, user=outsider)
    message = messages.edit_message(owner, message=message.pk, body="@outsider, come")
    assert message.mentions == drawn(message.html) == ["outsider"]


def test_the_longest_name_that_the_room_has_is_called(owner, private_room):
    person("小明你好")
    Membership.objects.create(room=private_room, user=person("小明"))
    message = send(owner, private_room, "@小明你好")
    assert message.mentions == drawn(message.html) == ["小明"]


@pytest.mark.parametrize("body", ["\u200b", "\u3164", " \u2800\n", "\u00ad\ufe0f", "\U000e0041"])
def test_what_nobody_would_see_is_refused(owner, private_room, body):
    with pytest.raises(ChatError, match="Write something"):
        send(owner, private_room, body)
    message = send(owner, private_room, "seen")
    with pytest.raises(ChatError, match="Write something"):
        messages.edit_message(owner, message=message.pk, body=body)
