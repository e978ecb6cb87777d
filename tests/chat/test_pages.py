"""A page of a room's log is whole, whatever is written while it is read."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat import protocol
from chat.actions import messages
from chat.models import Message, Room
from chat.queries import room_log

pytestmark = pytest.mark.django_db


def send(user: User, room: Room, body: str) -> Message:
    return messages.send_message(user, room=room.pk, client_id=uuid.uuid4(), body=body)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Has something happen once sizes are known, and before the messages are loaded."""

    def set_up(happens: Callable[[], Any]) -> None:
        page_end = protocol.page_end

        def and_then(*args: Any) -> int:
            monkeypatch.setattr(protocol, "page_end", page_end)
            happens()
            return page_end(*args)

        monkeypatch.setattr(protocol, "page_end", and_then)

    return set_up


def test_a_message_that_comes_while_a_page_is_read_pushes_none_out(
    owner: User, private_room: Room, meanwhile
) -> None:
    for number in (1, 2, 3):
        send(owner, private_room, str(number))
    meanwhile(lambda: send(owner, private_room, "meanwhile"))
    page, more = room_log.history(owner, private_room.pk, before=None, after=None, limit=200)
    assert [json.loads(each)["number"] for each in page] == [1, 2, 3]
    assert not more


@pytest.mark.parametrize("limit", [9, 200])
def test_an_edit_while_changes_are_read_skips_nothing(
    owner: User, private_room: Room, meanwhile, limit: int
) -> None:
    first = send(owner, private_room, "first")
    for number in range(20):
        send(owner, private_room, str(number))
    meanwhile(lambda: messages.edit_message(owner, message=first.pk, body="edited"))
    found, more = room_log.changes(private_room.pk, after=0, limit=limit)
    positions = [position for position, *_ in found]
    # The edited one stands behind all of them now, and comes with what follows.
    assert positions == list(range(2, min(limit, 21) + 1))
    assert more is (limit < 21)
