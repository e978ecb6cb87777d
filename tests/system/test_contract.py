"""Every reply and every event of a real server is what its model says: no field more, none less.

Each command is sent once, by people who between them cause every kind of event.
"""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import BaseModel

from chat import protocol
from chat.management.commands.protocol_reference import wire_type
from tests.support.live import Server
from tests.support.outside import CommandError, Frame, OutsideClient

pytestmark = pytest.mark.once

REPLIES = {wire_type(command): command.reply for command in protocol.COMMANDS}
EVENTS: dict[str, type[protocol.Event]] = {event.type: event for event in protocol.EVENTS}
CODE = {"path": "a.py", "start_line": 1, "end_line": 1, "text": "x = 1", "dirty": False}


def checked(model: type[BaseModel], frame: Frame, *without: str) -> BaseModel:
    """The frame as its model has it, which takes no other types and no other fields."""
    fields = {name: value for name, value in frame.items() if name not in without}
    read = model.model_validate_json(json.dumps(fields), strict=True)
    for name, field in model.model_fields.items():
        may_be_missing = field.exclude_if is not None or model is protocol.RoomRemoved
        assert name in fields or may_be_missing, (model.__name__, name)
    return read


class CheckedClient(OutsideClient):
    """Holds each frame that it gets to its model."""

    tried: set[str]
    seen: set[str]

    def _receive(self, frame: Frame) -> None:
        if frame["type"] not in ("reply", "error"):
            checked(EVENTS[frame["type"]], frame, "type")
            self.seen.add(frame["type"])
        super()._receive(frame)

    async def command(self, kind: str, /, **fields: Any) -> Frame:
        reply = await super().command(kind, **fields)
        model = REPLIES[kind]
        assert model is not None, f"{kind} was answered"
        checked(model, reply, "type", "ref")
        self.tried.add(kind)
        return reply


@pytest.fixture
async def people(serve: Callable[..., Server]) -> AsyncIterator[dict[str, CheckedClient]]:
    """Each with a set, which all of them share, of what was tried and what was seen."""
    server = serve(STRANGERS_ASK="on", RATE_LIMITS="off", HEARTBEAT="1")
    tried: set[str] = set()
    seen: set[str] = set()
    people = {}
    for name in ("owner", "member", "outsider", "crowd1"):
        client = people[name] = CheckedClient(server.url, name)
        client.tried, client.seen = tried, seen
        await client.sign_in()
        await client.connect()
    yield people
    for client in people.values():
        await client.disconnect()


async def event(client: CheckedClient, kind: str) -> None:
    await client.until(lambda: bool(client.of_type(kind)), 10)


async def test_every_reply_and_every_event_is_what_its_model_says(
    people: dict[str, CheckedClient],
) -> None:
    owner, member, outsider, crowd = people.values()
    await strangers(owner, outsider, crowd)
    room = await in_a_room(owner, member, outsider)
    await about_people(owner, member, room)
    await moving_about(owner, member, outsider, room)
    assert owner.tried == {name for name, reply in REPLIES.items() if reply}
    assert owner.seen == EVENTS.keys()


async def strangers(owner: CheckedClient, outsider: CheckedClient, crowd: CheckedClient) -> None:
    opened = await owner.command(
        "room.open", kind="private", name="Strangers", members=["outsider"]
    )
    assert opened["asked"] == ["outsider"]
    await event(outsider, "requests")
    await outsider.command("room.accept", room=opened["room"]["id"])
    added = await owner.command("room.add", room=opened["room"]["id"], members=["crowd1"])
    assert added["asked"] == ["crowd1"]
    await event(crowd, "requests")
    await crowd.command("room.refuse", room=opened["room"]["id"])


async def in_a_room(owner: CheckedClient, member: CheckedClient, outsider: CheckedClient) -> str:
    """Messages of all sorts, in a room of the three, which is returned."""
    opened = await owner.command(
        "room.open", kind="private", name="Ours", members=["member", "outsider"]
    )
    assert "asked" not in opened
    room = str(opened["room"]["id"])
    await member.until(lambda: room in member.held)
    file = await owner.upload("a.txt", b"hello", "text/plain")
    first = await owner.send(room, "**hello** @member", attachments=[file["id"]], code=CODE)
    reply = await member.send(room, "and you", reply_to=first["id"])
    await owner.until(lambda: owner.held[room].position >= reply["position"])
    assert owner.held[room].messages[reply["id"]]["quote"]["id"] == first["id"]
    await owner.command("message.react", message=first["id"], emoji="👍")
    await owner.command("message.edit", message=first["id"], body="hello again")
    revisions = await owner.command("message.revisions", message=first["id"])
    assert len(revisions["revisions"]) == 1
    await owner.command("message.report", message=reply["id"], reason="spam")
    await owner.command("message.delete", message=reply["id"])
    assert (await owner.command("history", room=room, limit=1))["more"] is True
    await owner.raw(json.dumps({"type": "typing", "room": room}))
    await event(member, "typing")
    await member.command("room.read", room=room, number=2)
    await event(owner, "read")
    assert (await member.command("room.unread", rooms=[room]))["rooms"][room]["number"] == 2
    return room


async def about_people(owner: CheckedClient, member: CheckedClient, room: str) -> None:
    assert (await owner.command("people.find", query="mem", room=room))["members"] == ["member"]
    assert "members" not in await owner.command("people.find", query="mem")
    assert (await owner.command("room.members", room=room, limit=1))["more"] is True
    assert (await owner.command("people.get", usernames=["member"]))["people"]
    assert (await owner.command("room.find", query="public"))["rooms"]
    await owner.command("user.update", display_name="The owner")
    await event(member, "person")
    await member.disconnect()
    await event(owner, "presence")
    await member.connect()
    await owner.command("person.block", username="member")
    await event(owner, "blocked")
    await owner.command("person.block", username="member", on=False)
    changed = await owner.command("room.favorite", room=room)
    assert changed["change"]["version"] == 1
    await event(owner, "me.changed")
    synced = await owner.command("me.sync", after=0)
    assert synced["changes"] == [changed["change"]]
    await owner.command("ping")


async def moving_about(
    owner: CheckedClient, member: CheckedClient, outsider: CheckedClient, room: str
) -> None:
    await owner.command("room.rename", room=room, name="Still ours")
    await owner.command("room.role", room=room, member="member", role="moderator")
    await event(member, "room")
    owner.held[room].position = owner.held[room].synced_to = 0
    await owner.sync([room])
    await event(owner, "changes")
    await owner.command("room.remove", room=room, member="member")
    await event(member, "room.removed")
    removed = member.of_type("room.removed")[-1]
    assert (removed["reason"], removed["name"], removed["by"]) == (
        "removed",
        "Still ours",
        "owner",
    )
    await member.command("sync", rooms={str(uuid.uuid4()): 0})
    assert member.of_type("room.removed")[-1]["reason"] == "not_found"
    await outsider.command("room.leave", room=room)
    await event(outsider, "room.removed")
    assert outsider.of_type("room.removed")[-1]["reason"] == "left"
    opened = await owner.command("room.open", kind="direct", members=["member"])
    await owner.command("room.put_away", room=opened["room"]["id"])
    public = await owner.command("room.open", kind="public", name="For all")
    await outsider.command("room.join", room=public["room"]["id"])
    await owner.send(public["room"]["id"], "hello all")
    await event(outsider, "heads")


async def test_a_field_that_no_model_has_would_be_found(people: dict[str, CheckedClient]) -> None:
    frame = {"type": "typing", "room": str(uuid.uuid4()), "user": "member"}
    checked(protocol.TypingEvent, frame, "type")
    for wrong in ({**frame, "more": 1}, {**frame, "user": 7}, {**frame, "room": None}):
        with pytest.raises(ValueError, match="validation error"):
            checked(protocol.TypingEvent, wrong, "type")
    with pytest.raises(CommandError):
        await people["owner"].command("room.join", room=str(uuid.uuid4()))
