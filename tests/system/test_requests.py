"""A stranger's room is a request: live on all devices, at both doors, and hidden until accepted."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests import databases
from tests.support.live import Redis, Server
from tests.support.outside import CommandError, Frame, OutsideClient
from tests.system.test_cast import without_ids
from tests.system.test_state import Follower


@dataclass
class Strangers:
    """Someone who asks, and the one who is asked on two devices: by cookie and by token."""

    asker: Follower
    asked: Follower
    device: Follower

    def all(self) -> list[Follower]:
        return [self.asker, self.asked, self.device]

    async def same_as_fresh(self) -> None:
        """What each device holds is what one that connects only now is told."""
        for person in self.all():
            fresh = Follower(person.url, person.username)
            fresh.token = person.token
            deadline = time.monotonic() + 6
            while True:
                async with fresh:
                    now = fresh.state.shown()
                held = person.state.shown()
                if _told(held) == _told(now):
                    break
                assert time.monotonic() < deadline, (person.username, _told(held), _told(now))
                await asyncio.sleep(0.05)


def _told(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in ("rooms", "requests", "blocked")}


@pytest.fixture
async def strangers(serve: Callable[..., Server]) -> AsyncIterator[Strangers]:
    server = serve(STRANGERS_ASK="on", RATE_LIMITS="off", HEARTBEAT="2")
    asker = Follower(server.url, "owner")
    asked, device = Follower(server.url, "outsider"), Follower(server.url, "outsider")
    strangers = Strangers(asker, asked, device)
    for each in (asker, asked):
        await each.sign_in()
    device.token = asked.token
    await asked.sign_in_by_form()
    for each in strangers.all():
        await each.connect()
    yield strangers
    for each in strangers.all():
        await each.disconnect()


def waiting(client: Follower) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["name"], each["by"]) for each in client.state.requests]


async def refused(client: OutsideClient, kind: str, /, **fields: object) -> CommandError:
    with pytest.raises(CommandError) as refusal:
        await client.command(kind, **fields)
    return refusal.value


async def test_a_request_is_live_on_all_devices_and_shows_nothing_of_the_room(
    strangers: Strangers,
) -> None:
    asker, asked, device = strangers.all()
    names = ["outsider", "member"]
    opened = await asker.command("room.open", kind="private", name="Plans", members=names)
    room = opened["room"]["id"]
    assert opened["asked"] == ["outsider"]
    assert opened["room"]["members"] == ["owner", "member"]
    secret = await asker.send(room, "of us @outsider")
    for each in (asked, device):
        await each.until(lambda each=each: waiting(each) == [("private", "Plans", "owner")])
    # Before they accept, the room answers them as one that does not exist, at every door.
    for kind, fields in (
        ("history", {"room": room}),
        ("room.members", {"room": room}),
        ("message.react", {"message": secret["id"], "emoji": "👍"}),
        ("message.send", {"room": room, "client_id": str(uuid.uuid4()), "body": "hi"}),
    ):
        hidden = await refused(asked, kind, **fields)
        missing = await refused(asked, kind, **fields | _invented(fields))
        assert str(hidden) == str(missing)
    async with asked.http() as http:
        hidden_page = await http.get(f"/api/v1/rooms/{room}/messages")
        missing_page = await http.get(f"/api/v1/rooms/{uuid.uuid4()}/messages")
        assert room not in (await http.get("/api/v1/rooms")).text
    assert hidden_page.status_code == missing_page.status_code == 404
    assert without_ids(hidden_page.text) == without_ids(missing_page.text)
    assert not [event for event in asked.events if room in str(event.get("room"))]
    await strangers.same_as_fresh()

    accepted = await asked.command("room.accept", room=room)
    assert accepted["room"]["members"] == ["owner", "member", "outsider"]
    await device.until(lambda: room in device.rooms and waiting(device) == [])
    assert (await device.history(room))[0]["body"] == "of us @outsider"
    await asker.until(lambda: "outsider" in asker.rooms[room]["members"])
    await strangers.same_as_fresh()


def _invented(fields: Frame) -> Frame:
    return {name: str(uuid.uuid4()) for name in fields if name in ("room", "message")}


async def test_a_refusal_is_not_told_and_a_direct_room_waits(strangers: Strangers) -> None:
    asker, asked, device = strangers.all()
    async with asker.http() as http:
        body = {"kind": "direct", "members": ["outsider"]}
        answered = await http.post("/api/v1/rooms", json=body)
        assert (answered.status_code, answered.json()["asked"]) == (201, ["outsider"])
        room = answered.json()["id"]
        await asker.until(lambda: room in asker.rooms)
        for number in range(5):
            await asker.send(room, f"number {number}")
        message = {"client_id": str(uuid.uuid4()), "body": "number 5"}
        over_http = await http.post(f"/api/v1/rooms/{room}/messages", json=message)
    assert over_http.status_code == 403
    assert "when they accept" in over_http.json()["detail"]
    await asked.until(lambda: waiting(asked) == [("direct", "", "owner")])
    await strangers.same_as_fresh()
    start = len(asker.events)
    await device.command("room.refuse", room=room)
    await asked.until(lambda: waiting(asked) == [])
    await asker.command("ping")
    assert [event["type"] for event in asker.events[start:] if event["type"] != "heads"] == []
    assert asker.rooms[room]["asked"] == ["outsider"]
    await strangers.same_as_fresh()

    public = await asker.command("room.open", kind="public", name="Lobby")
    await asked.command("room.join", room=public["room"]["id"])
    # Whoever shares a room is no stranger any more.
    again = await asker.command("room.open", kind="direct", members=["outsider"])
    assert (again["room"]["id"], again["room"]["members"]) == (room, ["owner", "outsider"])
    await asked.until(lambda: room in asked.rooms)
    await asker.send(room, "now that we know each other")
    await strangers.same_as_fresh()


async def test_a_request_is_withdrawn_on_all_devices(strangers: Strangers) -> None:
    asker, asked, device = strangers.all()
    opened = await asker.command("room.open", kind="private", name="Trap", members=["outsider"])
    room = opened["room"]["id"]
    await asked.until(lambda: len(waiting(asked)) == 1)
    removed = await asker.command("room.remove", room=room, member="outsider")
    assert "asked" not in removed["room"]
    for each in (asked, device):
        await each.until(lambda each=each: waiting(each) == [])
    await asker.until(lambda: not asker.rooms[room].get("asked"))
    assert (await refused(asked, "room.accept", room=room)).code == "not_found"
    await strangers.same_as_fresh()


async def test_whoever_asks_can_be_blocked(strangers: Strangers) -> None:
    asker, asked, device = strangers.all()
    await asker.command("room.open", kind="private", name="Trap", members=["outsider"])
    await asked.until(lambda: len(waiting(asked)) == 1)
    await asked.command("person.block", username="owner", on=True)
    await device.until(lambda: waiting(device) == [] and device.state.blocked == ["owner"])
    refusal = await refused(asker, "room.open", kind="private", name="T", members=["outsider"])
    assert str(refusal) == "forbidden: You cannot add @outsider. Leave them out."
    await strangers.same_as_fresh()


async def test_the_limit_holds_for_rooms_that_are_opened_at_once(
    redis: Redis, serve: Callable[..., Server]
) -> None:
    common = {"STRANGERS_ASK": "on", "RATE_LIMITS": "off", "REDIS_URL": redis.url}
    first = serve(**common)
    servers = [first, serve(data_of=first, **common)]
    asker = OutsideClient(first.url, "outsider")
    await asker.sign_in()
    names = [f"crowd{number}" for number in range(10)]
    async with asker.http() as http:
        body = {"kind": "private", "name": "Trap", "members": names}
        answers = await asyncio.gather(
            *(http.post(f"{servers[n % 2].url}/api/v1/rooms", json=body) for n in range(12))
        )
    statuses = Counter(answer.status_code for answer in answers)
    if databases.kind() == "mongodb":  # those who come at the same moment may all be refused
        assert set(statuses) <= {201, 429}
        assert statuses[201] <= 2
    else:
        assert statuses == {201: 2, 429: 10}
