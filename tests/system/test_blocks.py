"""Whoever is blocked cannot reach the one who blocked them, at any door, and is not told why."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import httpx
import pytest

from tests.support.live import Server
from tests.support.outside import CommandError, Frame, OutsideClient
from tests.system.test_cast import _signed_in, answer, result

CANNOT_WRITE = "forbidden: You cannot write to this person."


@dataclass
class Pair:
    """Two people with a direct room and a room that they share with a third."""

    blocker: OutsideClient
    blocked: OutsideClient
    third: OutsideClient
    direct: str
    shared: str

    async def block(self, on: bool = True) -> None:
        await self.blocker.command("person.block", username=self.blocked.username, on=on)


# Both lead to the same session, so one of them is enough on another database.
@pytest.fixture(params=["program", pytest.param("browser", marks=pytest.mark.once)])
async def pair(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    names = ("crowd20", "crowd21", "crowd22")
    people = [await _signed_in(server, name, request.param) for name in names]
    for each in people:
        await each.connect()
    blocker, blocked, third = people
    for one, other in ((blocker, blocked), (blocked, blocker)):
        direct = (await one.command("room.open", kind="direct", members=[other.username]))["room"]
    shared = await third.command("room.open", kind="private", name="Shared", members=list(names))
    pair = Pair(blocker, blocked, third, direct["id"], shared["room"]["id"])
    for each in people[:2]:
        await each.until(lambda each=each: {pair.direct, pair.shared} <= each.held.keys())
    yield pair
    await pair.block(on=False)
    for each in people:
        with suppress(CommandError):
            await each.command("room.leave", room=pair.shared)
        await each.disconnect()


async def refused(client: OutsideClient, kind: str, /, **fields: object) -> str:
    with pytest.raises(CommandError) as refusal:
        await client.command(kind, **fields)
    return str(refusal.value)


def since(client: OutsideClient, start: int, kind: str) -> list[Frame]:
    return [event for event in client.events[start:] if event["type"] == kind]


async def test_neither_of_the_two_writes_in_their_direct_room(pair: Pair):
    theirs = await pair.blocked.send(pair.direct, "please")
    await pair.block()
    for person in (pair.blocked, pair.blocker):
        message = {"client_id": str(uuid.uuid4()), "body": "please"}
        assert await refused(person, "message.send", room=pair.direct, **message) == CANNOT_WRITE
        async with person.http() as http:
            answered = await http.post(f"/api/v1/rooms/{pair.direct}/messages", json=message)
        assert (answered.status_code, answered.json()["code"]) == (403, "forbidden")
    # What was written before cannot be made to say something else, nor be used to wave.
    for kind, field, value in (("message.edit", "body", "you"), ("message.react", "emoji", "👎")):
        fields = {"message": theirs["id"], field: value}
        assert await refused(pair.blocked, kind, **fields) == CANNOT_WRITE
    await pair.blocked.command("message.delete", message=theirs["id"])
    await pair.block(on=False)
    await pair.blocked.send(pair.direct, "thank you")


async def test_neither_of_the_two_opens_a_direct_room(pair: Pair):
    await pair.block()
    for person, other in ((pair.blocked, pair.blocker), (pair.blocker, pair.blocked)):
        room = {"kind": "direct", "members": [other.username]}
        assert await refused(person, "room.open", **room) == CANNOT_WRITE
        async with person.http() as http:
            answered = await http.post("/api/v1/rooms", json=room)
        assert (answered.status_code, answered.json()["code"]) == (403, "forbidden")


async def test_a_room_that_is_opened_after_the_block_is_none(server: Server):
    """They had no direct room: there is nothing yet in which the block could stand."""
    async with (
        OutsideClient(server.url, "crowd23") as one,
        OutsideClient(server.url, "crowd24") as two,
    ):
        await one.command("person.block", username="crowd24")
        assert await refused(two, "room.open", kind="direct", members=["crowd23"]) == CANNOT_WRITE
        await one.command("person.block", username="crowd24", on=False)
        room = (await two.command("room.open", kind="direct", members=["crowd23"]))["room"]["id"]
        await two.send(room, "hello")


async def test_neither_of_the_two_adds_the_other(pair: Pair):
    await pair.block()
    for person, other in ((pair.blocked, pair.blocker), (pair.blocker, pair.blocked)):
        names = ["crowd25", other.username]
        before = len(person.rooms)
        refusal = await refused(person, "room.open", kind="private", name="Trap", members=names)
        assert refusal == f"forbidden: You cannot add @{other.username}. Leave them out."
        mine = (await person.command("room.open", kind="private", name="Mine"))["room"]["id"]
        refusal = await refused(person, "room.add", room=mine, members=names)
        assert refusal == f"forbidden: You cannot add @{other.username}. Leave them out."
        members = (await person.command("room.members", room=mine))["members"]
        assert [each["username"] for each in members] == [person.username]
        async with person.http() as http:
            room = {"kind": "private", "name": "Trap", "members": names}
            answered = await http.post("/api/v1/rooms", json=room)
        assert answered.status_code == 403
        await person.command("room.leave", room=mine)
        await person.until(lambda person=person, before=before: len(person.rooms) == before)
    # Who has nothing to do with the block adds both.
    opened = await pair.third.command(
        "room.open",
        kind="private",
        name="All",
        members=[pair.blocker.username, pair.blocked.username],
    )
    assert len(opened["room"]["members"]) == 3


async def test_neither_of_the_two_hears_the_other_type_or_read(pair: Pair):
    await pair.blocked.send(pair.direct, "hello")
    await pair.block()
    starts = [len(person.events) for person in (pair.blocker, pair.blocked)]
    for person in (pair.blocked, pair.blocker):
        await person.raw(f'{{"type": "typing", "room": "{pair.direct}"}}')
    await pair.blocker.command("room.read", room=pair.direct, number=1)
    end = await pair.third.send(pair.shared, "the end")
    for person, start in zip((pair.blocker, pair.blocked), starts, strict=True):
        await person.until(lambda person=person: end["id"] in person.held[pair.shared].messages)
        assert not since(person, start, "typing")
        assert not [e for e in since(person, start, "read") if e["user"] != person.username]


async def test_neither_of_the_two_sees_that_the_other_is_here_or_types(pair: Pair):
    # Both wrote in the room that they share, so each sees the other where nobody is blocked.
    for person in (pair.blocker, pair.blocked):
        await person.send(pair.shared, "hello")
    for person, other in ((pair.blocker, pair.blocked), (pair.blocked, pair.blocker)):
        await person.disconnect()
        await person.connect()
        assert other.username in person.ready["online"]
    starts = [len(person.events) for person in (pair.blocker, pair.blocked)]
    await pair.block()
    for person, other, start in zip(
        (pair.blocker, pair.blocked), (pair.blocked, pair.blocker), starts, strict=True
    ):
        gone = {"type": "presence", "user": other.username, "state": "offline"}
        await person.until(
            lambda person=person, start=start, gone=gone: gone in person.events[start:]
        )
    last = (await pair.third.send(pair.shared, "to read"))["number"]
    starts = [len(person.events) for person in (pair.blocker, pair.blocked)]
    for person in (pair.blocker, pair.blocked):
        for room in (pair.direct, pair.shared):
            await person.raw(f'{{"type": "typing", "room": "{room}"}}')
        await person.command("room.read", room=pair.shared, number=last)
    await pair.blocker.command("room.read", room=pair.direct, number=1)
    for reader in (pair.blocker, pair.blocked):
        # Whom neither has blocked hears of both.
        await pair.third.until(
            lambda reader=reader: (
                {"type": "read", "room": pair.shared, "user": reader.username, "number": last}
                in pair.third.events
            )
        )
    for person, other in ((pair.blocker, pair.blocked), (pair.blocked, pair.blocker)):
        await person.disconnect()
        await person.connect()
        assert other.username not in person.ready["online"]
    await pair.third.send(pair.shared, "the end")
    for person, start in zip((pair.blocker, pair.blocked), starts, strict=True):
        others = {pair.blocker.username, pair.blocked.username} - {person.username}
        assert not [e for e in since(person, start, "typing") if e["user"] in others]
        assert not [e for e in since(person, start, "read") if e["user"] in others]
        assert not [e for e in since(person, start, "presence") if e["user"] in others]
    start = len(pair.blocked.events)
    await pair.block(on=False)
    here = {"type": "presence", "user": pair.blocker.username, "state": "online"}
    await pair.blocked.until(lambda: here in pair.blocked.events[start:])


async def test_in_shared_rooms_messages_stay_true_and_every_device_knows_the_block(
    pair: Pair, server: Server
):
    device = OutsideClient(server.url, pair.blocker.username)
    device.token = pair.blocker.token
    async with device:
        start = len(device.events)
        await pair.block()
        event = {"type": "blocked", "usernames": [pair.blocked.username]}
        for each in (device, pair.blocker):
            await each.until(lambda each=each: event in each.events)
        message = await pair.blocked.send(pair.shared, f"look, @{pair.blocker.username}")
        assert message["mentions"] == [pair.blocker.username]
        await device.until(lambda: message["id"] in device.held[pair.shared].messages)
        assert since(device, start, "blocked") == [event]
    async with device:
        assert device.ready["blocked"] == [pair.blocked.username]
    assert not since(pair.blocked, 0, "blocked"), "whoever is blocked is not told"
    assert pair.blocked.ready["blocked"] == []


async def test_the_end_of_a_block_leaves_the_other_persons_own(pair: Pair):
    await pair.block()
    await pair.blocked.command("person.block", username=pair.blocker.username)
    await pair.block(on=False)
    message = {"client_id": str(uuid.uuid4()), "body": "hello"}
    assert await refused(pair.blocker, "message.send", room=pair.direct, **message) == CANNOT_WRITE
    await pair.blocked.command("person.block", username=pair.blocker.username, on=False)
    await pair.blocker.send(pair.direct, "hello")


async def test_what_cannot_be_blocked(pair: Pair):
    for on in (True, False):
        refusal = await refused(pair.blocker, "person.block", username="nobody", on=on)
        assert refusal == "not_found: There is no person named 'nobody'."
        own = pair.blocker.username
        refusal = await refused(pair.blocker, "person.block", username=own, on=on)
        assert refusal == "bad_request: You cannot block yourself."


async def test_whoever_is_blocked_while_they_send_stops(pair: Pair):
    """Nothing is shown after the block has been acknowledged."""

    async def pester() -> int:
        for sent in range(1_000):
            try:
                await pair.blocked.send(pair.direct, "please")
            except CommandError as error:
                assert str(error) == CANNOT_WRITE
                return sent
            await asyncio.sleep(0.01)
        raise AssertionError("It was never refused.")

    pestering = asyncio.create_task(pester())
    await pair.blocker.until(lambda: pair.blocker.held[pair.direct].position > 2)
    await pair.block()
    seen = await pair.blocker.history(pair.direct)
    await pestering
    assert len(await pair.blocker.history(pair.direct)) <= len(seen) + 1


# -- Putting a direct room away -------------------------------------------------------------------


async def test_a_direct_room_is_put_away_until_its_next_message(pair: Pair, server: Server):

    def told_of_direct(client: OutsideClient, start: int) -> list[Frame]:
        return [e for e in since(client, start, "room") if e["room"]["id"] == pair.direct]

    device = OutsideClient(server.url, pair.blocker.username)
    device.token = pair.blocker.token
    async with device:
        starts = len(pair.blocked.events), len(device.events)
        reply = await pair.blocker.command("room.put_away", room=pair.direct, on=True)
        assert reply["room"]["put_away"] is True
        await device.until(lambda: device.rooms[pair.direct]["put_away"])
        assert len(told_of_direct(device, starts[1])) == 1
        async with device.http() as http:
            rooms = {room["id"]: room for room in (await http.get("/api/v1/rooms")).json()}
        assert rooms[pair.direct]["put_away"] is True
    async with device:
        assert device.rooms[pair.direct]["put_away"] is True
        assert pair.blocked.rooms[pair.direct]["put_away"] is False
        await pair.blocked.send(pair.direct, "still there?")
        assert not told_of_direct(pair.blocked, starts[0]), "the other person is not told"
    async with device:
        assert device.rooms[pair.direct]["put_away"] is False
        assert device.rooms[pair.direct]["read"] < device.rooms[pair.direct]["number"]


async def test_leaving_a_direct_room_puts_it_away_and_it_stays_the_one_of_the_two(pair: Pair):
    left = await pair.blocker.command("room.leave", room=pair.direct)
    assert left["room"]["put_away"] is True
    await pair.blocker.until(lambda: pair.blocker.rooms[pair.direct]["put_away"])
    opened = await pair.blocker.command("room.open", kind="direct", members=[pair.blocked.username])
    assert opened["room"]["id"] == pair.direct
    back = await pair.blocker.command("room.put_away", room=pair.direct, on=False)
    assert back["room"]["put_away"] is False


async def test_only_ones_own_direct_rooms_can_be_put_away(pair: Pair):
    command = {"type": "room.put_away", "on": True}
    assert result(await answer(pair.blocker, {**command, "room": pair.shared})) == "forbidden"
    hidden = await refused(pair.third, "room.put_away", room=pair.direct)
    assert hidden == await refused(pair.third, "room.put_away", room=str(uuid.uuid4()))
    async with httpx.AsyncClient(base_url=pair.third.url) as http:
        assert (await http.get("/api/v1/rooms")).status_code == 401
