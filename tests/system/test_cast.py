"""Everyone of the cast tries everything, at every door.

An outsider's answers are compared byte by byte with those about things that do not exist: what
one may not see, one cannot find out to exist.
"""

import io
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.support.live import Server
from tests.support.outside import CommandError, Frame, OutsideClient

OK = "ok"
FORBIDDEN = "forbidden"
NOT_FOUND = "not_found"


@dataclass
class Things:
    """What is in one room, or would be, did it exist."""

    room: str
    message: str
    """Written by the owner."""
    own: str = ""
    """Written by whoever tries."""

    @classmethod
    def invented(cls) -> "Things":
        return cls(*(str(uuid.uuid4()) for _ in range(3)))


Make = Callable[[Things], Frame]

LEFT_OUT = {"room.unread"}
"""Commands about several rooms, which leave out of the answer those that one may not see."""

COMMANDS: dict[str, tuple[Make, str, str]] = {
    # what is sent; what the room's owner, and one of its members, is answered
    "sync": (lambda t: {"type": "sync", "rooms": {t.room: 0}}, OK, OK),
    "message.send": (
        lambda t: {
            "type": "message.send",
            "room": t.room,
            "client_id": str(uuid.uuid4()),
            "body": "hello",
        },
        OK,
        OK,
    ),
    "message.send as a reply": (
        lambda t: {
            "type": "message.send",
            "room": t.room,
            "client_id": str(uuid.uuid4()),
            "body": "hello",
            "reply_to": t.message,
        },
        OK,
        OK,
    ),
    "message.edit": (
        lambda t: {"type": "message.edit", "message": t.message, "body": "changed"},
        OK,
        FORBIDDEN,
    ),
    "message.edit of one's own": (
        lambda t: {"type": "message.edit", "message": t.own, "body": "changed"},
        OK,
        OK,
    ),
    "message.react": (
        lambda t: {"type": "message.react", "message": t.message, "emoji": "👍"},
        OK,
        OK,
    ),
    "message.report": (
        lambda t: {"type": "message.report", "message": t.message, "reason": "spam"},
        OK,
        OK,
    ),
    "message.revisions": (
        lambda t: {"type": "message.revisions", "message": t.message},
        OK,
        FORBIDDEN,
    ),
    "message.delete": (
        lambda t: {"type": "message.delete", "message": t.message},
        OK,
        FORBIDDEN,
    ),
    "history": (lambda t: {"type": "history", "room": t.room}, OK, OK),
    "room.join": (lambda t: {"type": "room.join", "room": t.room}, OK, OK),
    "room.rename": (
        lambda t: {"type": "room.rename", "room": t.room, "name": "Ours"},
        OK,
        FORBIDDEN,
    ),
    "room.add": (
        lambda t: {"type": "room.add", "room": t.room, "members": ["crowd39"]},
        OK,
        FORBIDDEN,
    ),
    "room.role": (
        lambda t: {"type": "room.role", "room": t.room, "member": "member", "role": "member"},
        OK,
        FORBIDDEN,
    ),
    "room.remove": (
        lambda t: {"type": "room.remove", "room": t.room, "member": "crowd38"},
        OK,
        FORBIDDEN,
    ),
    "room.members": (lambda t: {"type": "room.members", "room": t.room}, OK, OK),
    "people.find among members": (
        lambda t: {"type": "people.find", "query": "own", "room": t.room},
        OK,
        OK,
    ),
    "room.read": (lambda t: {"type": "room.read", "room": t.room, "number": 1}, OK, OK),
    "room.unread": (lambda t: {"type": "room.unread", "rooms": [t.room]}, OK, OK),
    "typing": (lambda t: {"type": "typing", "room": t.room}, OK, OK),
    "room.accept": (lambda t: {"type": "room.accept", "room": t.room}, NOT_FOUND, NOT_FOUND),
    "room.refuse": (lambda t: {"type": "room.refuse", "room": t.room}, NOT_FOUND, NOT_FOUND),
    "room.put_away": (
        lambda t: {"type": "room.put_away", "room": t.room, "on": True},
        FORBIDDEN,
        FORBIDDEN,
    ),
    "room.favorite": (lambda t: {"type": "room.favorite", "room": t.room}, OK, OK),
    "room.leave": (lambda t: {"type": "room.leave", "room": t.room}, OK, OK),
}

WITHOUT_OBJECT: dict[str, dict[str, Any]] = {
    "room.open": {"kind": "private", "name": "Mine"},
    "room.find": {"query": "the"},
    "people.find": {"query": "own"},
    "people.get": {"usernames": ["owner"]},
    "person.block": {"username": "crowd37", "on": False},
    "me.sync": {"after": 0},
    "user.update": {"display_name": "Me"},
    "ping": {},
}


def test_every_command_of_the_protocol_is_tried():
    from chat import protocol
    from chat.management.commands.protocol_reference import wire_type

    tried = {name.split(" ")[0] for name in COMMANDS} | WITHOUT_OBJECT.keys()
    assert tried == {wire_type(command) for command in protocol.COMMANDS}


@dataclass
class Cast:
    owner: OutsideClient
    member: OutsideClient
    outsider: OutsideClient
    opened: list[str] = field(default_factory=list)

    def all(self) -> list[OutsideClient]:
        return [self.owner, self.member, self.outsider]

    async def things(self, kind: str = "private") -> Things:
        """A new room of the owner's with the member in it and a message of the owner's."""
        opened = await self.owner.command(
            "room.open", kind=kind, name="Plans", members=["member", "crowd38"]
        )
        room = opened["room"]["id"]
        self.opened.append(room)
        message = await self.owner.send(room, "the plan")
        return Things(room, message["id"])

    async def leave(self) -> None:
        """Whoever comes next is not sent what all before them have opened."""
        for client in self.all():
            for room in client.held.keys() & set(self.opened):
                with suppress(CommandError):  # one whose removal is still on its way
                    await client.command("room.leave", room=room)


_tokens: dict[tuple[str, str], tuple[str, str]] = {}


async def _signed_in(server: Server, username: str, door: str) -> OutsideClient:
    client = OutsideClient(server.url, username)
    known = _tokens.get((server.url, username))
    if known is None:
        await client.sign_in()
        await client.sign_in_by_form()
        known = _tokens[server.url, username] = client.token, client.cookies
    client.token, cookies = known
    client.cookies = cookies if door == "browser" else ""
    return client


# Both lead to the same session, so one of them is enough on another database.
@pytest.fixture(params=["program", pytest.param("browser", marks=pytest.mark.once)])
async def cast(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[Cast]:
    names = ("owner", "member", "outsider")
    clients = [await _signed_in(server, name, request.param) for name in names]
    cast = Cast(clients[0], clients[1], clients[2])
    for client in cast.all():
        await client.connect()
    yield cast
    await cast.leave()
    for client in cast.all():
        await client.disconnect()


async def answer(client: OutsideClient, command: Frame) -> list[Frame]:
    """What comes back for a command, up to its answer; a ping ends what has no reply."""
    refs = {"ref": "the command"}
    start = len(client.events)
    answers: list[Frame] = []
    changes: list[Frame] = []
    receive = client._receive

    def watch(frame: Frame) -> None:
        if frame["type"] == "changes":
            changes.append(frame)  # of a sync that the client's own bookkeeping knows nothing of
        elif frame["type"] in ("reply", "error") and frame["ref"] == "the command":
            answers.append(frame)
        else:
            receive(frame)

    client._receive = watch  # type: ignore[method-assign]
    try:
        await client.raw(json.dumps(refs | command))
        await client.command("ping")
        if command["type"] != "typing":
            await client.until(lambda: bool(answers), 5)
    finally:
        client._receive = receive  # type: ignore[method-assign]
    removed = [event for event in client.events[start:] if event["type"] == "room.removed"]
    return [*removed, *changes, *answers]


def result(answers: list[Frame]) -> str:
    if any(frame.get("reason") == NOT_FOUND for frame in answers[:-1]):
        return NOT_FOUND
    if not answers or answers[-1]["type"] == "reply":
        return OK
    return str(answers[-1]["code"])


def without_ids(answers: Any) -> bytes:
    """The answer as bytes, with the ids that the caller itself has named left out."""
    text = json.dumps(answers)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "an id", text).encode()


@pytest.mark.parametrize("name", COMMANDS)
async def test_each_of_the_cast_is_answered_as_their_role_has_it(cast: Cast, name: str):
    make, for_owner, for_member = COMMANDS[name]
    for client, expected in (
        (cast.owner, for_owner),
        (cast.member, for_member),
        (cast.outsider, OK if name in LEFT_OUT else NOT_FOUND),
    ):
        things = await cast.things()
        if client is not cast.outsider:
            await client.until(lambda client=client, things=things: things.room in client.held)
            client_id = str(uuid.uuid4())
            things.own = (await client.send(things.room, "mine", client_id=client_id))["id"]
        else:
            things.own = things.message
        assert result(await answer(client, make(things))) == expected, client.username


@pytest.mark.parametrize("name", COMMANDS)
async def test_an_outsider_cannot_tell_a_private_room_from_none(cast: Cast, name: str):
    make, _, _ = COMMANDS[name]
    things = await cast.things()
    things.own = things.message
    hidden = await answer(cast.outsider, make(things))
    missing = await answer(cast.outsider, make(Things.invented()))
    assert without_ids(hidden) == without_ids(missing)
    assert result(hidden) == (OK if name in LEFT_OUT else NOT_FOUND)


@pytest.mark.parametrize("name", COMMANDS)
async def test_an_outsider_cannot_tell_a_direct_room_from_none(cast: Cast, name: str):
    make, _, _ = COMMANDS[name]
    opened = await cast.owner.command("room.open", kind="direct", members=["member"])
    room = opened["room"]["id"]
    message = await cast.owner.send(room, "between us")
    things = Things(room, message["id"], message["id"])
    hidden = await answer(cast.outsider, make(things))
    missing = await answer(cast.outsider, make(Things.invented()))
    assert without_ids(hidden) == without_ids(missing)


async def test_a_public_room_can_be_read_by_all_and_written_to_by_its_members(cast: Cast):
    things = await cast.things("public")
    things.own = things.message
    allowed = {"history", "room.members", "message.report", "room.read", "room.join", "sync"}
    allowed |= {"people.find among members", *LEFT_OUT}
    for name, (make, _, _) in COMMANDS.items():
        if name in ("room.join", "room.leave", "sync", "typing"):
            continue
        expected = OK if name in allowed else FORBIDDEN
        if name in ("room.accept", "room.refuse"):
            expected = NOT_FOUND  # nobody asks them into it
        assert result(await answer(cast.outsider, make(things))) == expected, name
    assert result(await answer(cast.outsider, COMMANDS["room.join"][0](things))) == OK
    await cast.outsider.until(lambda: things.room in cast.outsider.held)
    assert result(await answer(cast.outsider, COMMANDS["message.send"][0](things))) == OK


@pytest.mark.parametrize("name", WITHOUT_OBJECT)
async def test_commands_without_an_object_are_for_everyone_who_is_signed_in(cast: Cast, name: str):
    for client in cast.all():
        await client.command(name, **WITHOUT_OBJECT[name])


async def test_an_outsider_finds_no_private_room_by_its_name(cast: Cast):
    await cast.owner.command("room.open", kind="private", name="Zebra plans")
    await cast.owner.command("room.open", kind="public", name="Zebra lobby")
    found = (await cast.outsider.command("room.find", query="zebra"))["rooms"]
    assert {room["name"] for room in found} == {"Zebra lobby"}


async def test_someone_who_was_removed_is_answered_as_an_outsider(cast: Cast):
    things = await cast.things()
    own = await cast.member.send(things.room, "I was here")
    await cast.owner.command("room.remove", room=things.room, member="member")
    await cast.member.until(lambda: things.room not in cast.member.held)
    things.own = own["id"]
    for name, (make, _, _) in COMMANDS.items():
        hidden = await answer(cast.member, make(things))
        missing = await answer(cast.member, make(Things.invented()))
        assert without_ids(hidden) == without_ids(missing), name


async def test_a_direct_room_stays_with_its_two_people(cast: Cast):
    room = (await cast.owner.command("room.open", kind="direct", members=["member"]))["room"]["id"]
    for command in (
        {"type": "room.add", "room": room, "members": ["outsider"]},
        {"type": "room.remove", "room": room, "member": "member"},
        {"type": "room.rename", "room": room, "name": "Ours"},
        {"type": "room.role", "room": room, "member": "member", "role": "owner"},
    ):
        assert result(await answer(cast.owner, command)) == FORBIDDEN, command


# -- HTTP ---------------------------------------------------------------------------------------


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(content, "PNG")
    return content.getvalue()


def requests(things: Things, urls: list[str]) -> list[tuple[str, str, Frame | None]]:
    messages = f"/api/v1/rooms/{things.room}/messages"
    return [
        ("GET", messages, None),
        ("GET", f"{messages}?limit=1&before=1", None),
        ("POST", messages, {"client_id": str(uuid.uuid4()), "body": "by HTTP"}),
        *(("GET", url, None) for url in urls),
    ]


async def ask(http: httpx.AsyncClient, request: tuple[str, str, Frame | None]) -> httpx.Response:
    method, url, body = request
    return await http.request(method, url, json=body)


async def with_file(cast: Cast) -> tuple[Things, list[str]]:
    """A room with an image in it, and where the image and its thumbnail are."""
    things = await cast.things()
    file = await cast.owner.upload("plan.png", picture(), "image/png")
    message = await cast.owner.send(things.room, "", attachments=[file["id"]])
    shown = message["attachments"][0]
    return things, [shown["url"], shown["thumbnail_url"]]


def invented_urls(urls: list[str]) -> list[str]:
    return [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", str(uuid.uuid4()), url) for url in urls]


def comparable(response: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in ("date", "server", "content-length", "content-security-policy")
    }
    return response.status_code, without_ids(response.text), headers


async def test_over_http_each_of_the_cast_is_answered_as_their_role_has_it(cast: Cast):
    things, urls = await with_file(cast)
    for client in (cast.owner, cast.member):
        async with client.http() as http:
            for request in requests(things, urls):
                response = await ask(http, request)
                assert response.status_code in (200, 201), (client.username, request, response)
    async with cast.outsider.http() as http:
        invented = requests(Things.invented(), invented_urls(urls))
        for hidden, missing in zip(requests(things, urls), invented, strict=True):
            refused = await ask(http, hidden)
            assert refused.status_code == 404, hidden
            assert comparable(refused) == comparable(await ask(http, missing)), hidden


async def test_over_http_someone_anonymous_is_asked_to_sign_in_and_learns_nothing(cast: Cast):
    things, urls = await with_file(cast)
    invented = requests(Things.invented(), invented_urls(urls))
    async with httpx.AsyncClient(base_url=cast.owner.url) as http:
        for hidden, missing in zip(requests(things, urls), invented, strict=True):
            refused = await ask(http, hidden)
            assert refused.status_code in (401, 403, 404), hidden
            assert comparable(refused) == comparable(await ask(http, missing)), hidden
        for method, url in (
            ("GET", "/api/v1/rooms"),
            ("POST", "/api/v1/rooms"),
            ("POST", "/api/v1/tickets"),
            ("POST", "/api/v1/attachments"),
        ):
            refused = await http.request(method, url)
            assert refused.status_code == 401, url
            assert refused.json()["code"] == "unauthenticated"


async def test_a_file_that_no_message_shows_is_its_owners_alone(cast: Cast):
    file = await cast.owner.upload("draft.png", picture(), "image/png")
    assert (await cast.owner.download(file["url"])).status_code == 200
    for client in (cast.member, cast.outsider):
        refused = await client.download(file["url"])
        assert refused.status_code == 404
        missing = await client.download(invented_urls([file["url"]])[0])
        assert comparable(refused) == comparable(missing)


async def test_a_file_cannot_be_attached_by_anyone_but_its_owner(cast: Cast):
    file = await cast.owner.upload("mine.png", picture(), "image/png")
    things = await cast.things()
    await cast.member.until(lambda: things.room in cast.member.held)
    refusals = []
    for id in (file["id"], str(uuid.uuid4())):
        with pytest.raises(CommandError) as refused:
            await cast.member.send(things.room, "look", attachments=[id])
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]
    assert refusals[0].startswith(NOT_FOUND)


async def test_a_file_of_a_room_is_gone_for_whoever_was_removed(cast: Cast):
    things, urls = await with_file(cast)
    assert (await cast.member.download(urls[0])).status_code == 200
    await cast.owner.command("room.remove", room=things.room, member="member")
    for url in urls:
        refused = await cast.member.download(url)
        assert refused.status_code == 404
        missing = await cast.member.download(invented_urls([url])[0])
        assert comparable(refused) == comparable(missing)


async def test_a_token_opens_no_door_that_cookies_open_and_the_reverse(cast: Cast):
    """What a page of another site could make a browser send is not enough to change anything."""
    client = OutsideClient(cast.owner.url, "owner")
    _, cookies = _tokens[cast.owner.url, "owner"]
    things = await cast.things()
    body = {"client_id": str(uuid.uuid4()), "body": "forged"}
    url = f"/api/v1/rooms/{things.room}/messages"
    headers = {"Cookie": cookies, "Origin": "https://evil.example"}
    async with httpx.AsyncClient(base_url=client.url, headers=headers) as http:
        assert (await http.post(url, json=body)).status_code == 403
        assert (await http.post("/api/v1/tickets")).status_code in (401, 403)


# -- Those who may not come in at all -----------------------------------------------------------


async def test_someone_suspended_cannot_sign_in(server: Server):
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.post(
            "/_allauth/app/v1/auth/login",
            json={"username": "suspended", "password": OutsideClient("", "x").password},
        )
        assert answer.status_code in (400, 401, 403)
        assert "session_token" not in answer.text


async def test_the_admin_is_for_staff_alone(cast: Cast):
    _, cookies = _tokens[cast.owner.url, "owner"]
    for headers in ({}, {"Cookie": cookies}):
        async with httpx.AsyncClient(base_url=cast.owner.url, headers=headers) as http:
            for path in (
                "/admin/",
                "/admin/accounts/user/",
                "/admin/chat/room/",
                "/admin/chat/message/",
                "/admin/chat/report/",
                "/admin/chat/attachment/",
                "/admin/chat/auditentry/",
            ):
                answer = await http.get(path)
                assert answer.status_code in (302, 403), path
                if answer.status_code == 302:
                    assert "login" in answer.headers["location"]
