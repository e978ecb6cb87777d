"""Replies around messages that are JSON already are those that their models describe."""

import json
import uuid
from typing import Any

from pydantic import BaseModel

from chat import protocol

MESSAGE: dict[str, Any] = {
    "id": uuid.uuid4(), "room": uuid.uuid4(), "number": 1, "position": 2, "sender": "anna",
    "client_id": uuid.uuid4(), "body": 'a "word"', "html": "<p>é</p>",
    "created_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
ENCODED = protocol.Encoded[protocol.Message](
    protocol.Message.model_validate(MESSAGE).model_dump_json()
)


def test_what_is_joined_as_text_is_what_the_model_would_be():
    for reply in (
        protocol.MessageReply(message=ENCODED, position=2),
        protocol.HistoryReply(messages=[ENCODED, ENCODED], more=True),
        protocol.HistoryReply(messages=[], more=False),
        protocol.DONE,
    ):
        assert json.loads(reply.encoded()) == json.loads(BaseModel.model_dump_json(reply))
        assert reply.frame("1").startswith('{"type":"reply","ref":"1"')
        read = type(reply).model_validate_json(reply.encoded(), strict=True)
        assert read.model_dump_json() == reply.model_dump_json()


def test_the_reply_to_a_sent_message_is_the_one_that_its_model_describes():
    """It has a way of its own, with nothing made for it but one text."""
    frame = protocol.message_reply('"7"', 2, ENCODED)
    reply = protocol.MessageReply(message=ENCODED, position=2)
    assert json.loads(frame) == json.loads(reply.frame('"7"'))
    assert frame.startswith('{"type":"reply","ref":"\\"7\\"","position":2,"message":{')


def test_the_frames_of_replies_are_written_without_spaces():
    assert protocol.DONE.frame("7") == '{"type":"reply","ref":"7"}'
    assert protocol.HistoryReply(messages=[], more=False).frame("7") == (
        '{"type":"reply","ref":"7","messages":[],"more":false}'
    )
    unread = protocol.Unread(position=4, number=3, read=2, unread=1)
    room = uuid.uuid4()
    assert protocol.UnreadReply(rooms={room: unread}).frame("7") == (
        f'{{"type":"reply","ref":"7","rooms":{{"{room}":'
        '{"position":4,"number":3,"read":2,"unread":1}}}'
    )


def test_what_is_not_known_is_left_out():
    room = protocol.Room(
        id=uuid.uuid4(), kind="private", name="", member_count=1, position=0, number=0, read=0
    )
    assert "asked" not in protocol.InvitedReply(room=room).encoded()
    assert '"asked":["anna"]' in protocol.InvitedReply(room=room, asked=["anna"]).encoded()
    assert "members" not in protocol.PeopleFoundReply(people=[], more=False).encoded()
    found = protocol.PeopleFoundReply(people=[], more=False, members=[])
    assert found.encoded() == '{"people":[],"more":false,"members":[]}'
