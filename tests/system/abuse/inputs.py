"""The dearest input of each command and of each address: what a test of all of them asks for.

A command or an address without one fails the test.
"""

import functools
import io
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chat import protocol
from chat.throttling import prices
from tests.support import pictures
from tests.support.handshakes import handshake
from tests.system.abuse.world import TABLE, World

FAR = 2**50
FULL = 20_000
FORMATTED = ("[a](http://example.org/ 'b') **c** `d` @many4 <e@f.gh> ![i](j) " * 400)[:FULL]
CODE = ("def f(x): return {'a': [x, 1.5e3, 'b' * 2], **{}}  # c\n" * 400)[:FULL]

Fields = dict[str, Any]
Input = Callable[[World, str, int], Fields]
"""From who attacks and the number of the attack."""


def _of(kind: str, /, **fields: Any) -> Input:
    def of(world: World, me: str, number: int) -> Fields:
        return {"type": kind} | {
            name: value(world, me, number) if callable(value) else value
            for name, value in fields.items()
        }

    return of


def _room(world: World, me: str, number: int) -> str:
    return world.rooms[me]


def _message(world: World, me: str, number: int) -> str:
    return world.messages[me][number % len(world.messages[me])]


def _new(world: World, me: str, number: int) -> str:
    return str(uuid.uuid4())


def _one(world: World, me: str, number: int) -> str:
    return world.crowd[number % len(world.crowd)]


def _all(position: int) -> Callable[[World, str, int], dict[str, int]]:
    return lambda world, me, number: dict.fromkeys(
        [*world.further.get(me, ()), world.rooms[me]], position
    )


COMMANDS: dict[type[protocol.Command], Sequence[Input]] = {
    protocol.Sync: [
        _of("sync", rooms=_all(FAR)),
        _of("sync", rooms=_all(0)),
        _of("sync", rooms=lambda w, me, n: {str(uuid.uuid4()): n for _ in range(1_000)}),
    ],
    protocol.MessageSend: [
        _of("message.send", room=_room, client_id=_new, body=FORMATTED),
        _of("message.send", room=_room, client_id=_new, body=(TABLE * 8)[:FULL]),
        _of(
            "message.send",
            room=_room,
            client_id=_new,
            code={"path": "a.py", "language": "python", "start_line": 1, "end_line": 9}
            | {"text": CODE},
        ),
        _of("message.send", room=_room, client_id=_new, body="short", reply_to=_message),
    ],
    protocol.MessageEdit: [
        _of("message.edit", message=_message, body=lambda w, me, n: f"{n} {FORMATTED}"[:FULL]),
        _of("message.edit", message=_new, body=FORMATTED),
    ],
    protocol.MessageDelete: [_of("message.delete", message=_message)],
    protocol.MessageReact: [
        _of("message.react", message=_message, emoji="👍", on=lambda w, me, n: n // 40 % 2 == 0)
    ],
    protocol.MessageReport: [_of("message.report", message=_message, reason="r" * 1_000)],
    protocol.MessageRevisions: [_of("message.revisions", message=_message)],
    protocol.History: [_of("history", room=_room, limit=200)],
    protocol.RoomOpen: [
        _of("room.open", kind="private", name="R" * 80, members=lambda w, me, n: w.crowd),
        _of("room.open", kind="public", name=lambda w, me, n: f"{n}"),
        _of("room.open", kind="direct", members=lambda w, me, n: [_one(w, me, n)]),
    ],
    protocol.RoomJoin: [_of("room.join", room=lambda w, me, n: w.public)],
    protocol.RoomLeave: [_of("room.leave", room=lambda w, me, n: w.public)],
    protocol.RoomPutAway: [_of("room.put_away", room=_room)],
    protocol.RoomFavorite: [
        _of("room.favorite", room=_room, on=lambda w, me, n: n % 2 == 0),
        _of("room.favorite", room=_new),
    ],
    protocol.RoomAccept: [_of("room.accept", room=_room)],
    protocol.RoomRefuse: [_of("room.refuse", room=_room)],
    protocol.RoomRename: [_of("room.rename", room=_room, name=lambda w, me, n: f"{n} {'n' * 70}")],
    protocol.RoomAdd: [_of("room.add", room=_room, members=lambda w, me, n: w.crowd)],
    protocol.RoomRemove: [_of("room.remove", room=_room, member=_one)],
    protocol.RoomRole: [
        _of(
            "room.role",
            room=_room,
            member=_one,
            role=lambda w, me, n: "moderator" if n % 2 else "member",
        )
    ],
    protocol.RoomMembers: [_of("room.members", room=_room, limit=200)],
    protocol.RoomRead: [_of("room.read", room=_room, number=lambda w, me, n: n)],
    protocol.RoomUnread: [
        _of(
            "room.unread",
            rooms=lambda w, me, n: [w.rooms[me], *(_new(w, me, n) for _ in range(999))],
        )
    ],
    protocol.RoomFind: [_of("room.find", query="a")],
    protocol.PeopleFind: [_of("people.find", query="a " * 39 + "a")],
    protocol.PeopleGet: [_of("people.get", usernames=lambda w, me, n: [*w.crowd, *w.crowd[:50]])],
    protocol.PersonBlock: [
        _of("person.block", username=_one, on=lambda w, me, n: n // 150 % 2 == 0)
    ],
    protocol.UserUpdate: [_of("user.update", display_name=lambda w, me, n: f"name {n}")],
    protocol.MeSync: [_of("me.sync", after=0), _of("me.sync", after=FAR)],
    protocol.Typing: [_of("typing", room=_room)],
    protocol.Ping: [_of("ping", ref="r" * 200)],
}

MALFORMED = "[" * 60_000
"""No command at all, of almost the greatest size."""


# -- HTTP ------------------------------------------------------------------------------------


@dataclass
class Request:
    """One request; ``signed_in`` says by what."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"
    signed_in: str = "token"


Ask = Callable[[World, str, int], Request]


def _form(name: str, content: bytes, filename: str = "a.png", **fields: str) -> tuple[bytes, str]:
    mark = "abuse"
    body = io.BytesIO()
    for key, value in fields.items():
        body.write(f"--{mark}\r\nContent-Disposition: form-data; name={key}\r\n\r\n".encode())
        body.write(f"{value}\r\n".encode())
    disposition = f"Content-Disposition: form-data; name={name}; filename={filename}"
    body.write(f"--{mark}\r\n{disposition}\r\n\r\n".encode())
    body.write(content + f"\r\n--{mark}--\r\n".encode())
    return body.getvalue(), f"multipart/form-data; boundary={mark}"


_PNG = pictures.flat_png(4_900)
_PICTURE, _FORM = _form("file", _PNG)
_AVATAR, _ = _form("picture", _PNG, display_name="a")
_FILE, _ = _form("file", b"\0\1" * 2**18)
_LOGIN = b'{"username": "victim", "password": "wrong"}'


def _get(path: str, signed_in: str = "token") -> Ask:
    return lambda world, me, number: Request("GET", path, signed_in=signed_in)


def _post(path: str, body: bytes, kind: str = "application/json", signed_in: str = "") -> Ask:
    return lambda world, me, number: Request("POST", path, body, kind, signed_in)


@functools.cache
def _turned() -> bytes:
    """The dearest picture for its size: it is decoded, turned and written anew. To make it takes
    a second, so only who sends it does."""
    body, _ = _form("file", pictures.webp_to_be_turned(2_900), "a.webp")
    return body


def _turn(world: World, me: str, number: int) -> Request:
    return Request("POST", "/api/v1/attachments", _turned(), _FORM)


def _messages(method: str) -> Ask:
    def ask(world: World, me: str, number: int) -> Request:
        path = f"/api/v1/rooms/{world.rooms[me]}/messages"
        if method == "GET":
            return Request("GET", f"{path}?limit=200")
        body = f'{{"client_id": "{uuid.uuid4()}", "body": "{"**a** `b` " * 1_800}"}}'
        return Request("POST", path, body.encode())

    return ask


def _open(world: World, me: str, number: int) -> Request:
    names = ", ".join(f'"{name}"' for name in world.crowd)
    body = f'{{"kind": "private", "name": "{number}", "members": [{names}]}}'
    return Request("POST", "/api/v1/rooms", body.encode())


def _file_of(path: str) -> Ask:
    return lambda world, me, number: Request("GET", path.format(world.files[me]))


def _in_room(path: str, signed_in: str = "cookie") -> Ask:
    return lambda world, me, number: Request(
        "GET", path.format(world.rooms[me]), signed_in=signed_in
    )


def _sign_up(world: World, me: str, number: int) -> Request:
    body = f'{{"username": "new{uuid.uuid4().hex[:12]}", "password": "correct horse battery"}}'
    return Request("POST", "/_allauth/app/v1/auth/signup", body.encode(), signed_in="")


_UUID = "[0-9a-f-]{36}"
_URLENCODED = "application/x-www-form-urlencoded"

ENDPOINTS: dict[str, Sequence[Ask]] = {
    r"POST /api/v1/tickets": [
        _post("/api/v1/tickets", b"", signed_in="token"),
        _post("/api/v1/tickets", b""),
    ],
    r"GET /api/v1/rooms": [_get("/api/v1/rooms")],
    r"POST /api/v1/rooms": [_open],
    rf"GET /api/v1/rooms/{_UUID}/messages": [_messages("GET")],
    rf"POST /api/v1/rooms/{_UUID}/messages": [_messages("POST")],
    r"POST /api/v1/attachments": [
        _post("/api/v1/attachments", _PICTURE, _FORM, "token"),
        _turn,
        _post("/api/v1/attachments", _FILE, _FORM, "token"),
        _post("/api/v1/attachments", _FILE[:60_000], _FORM),
    ],
    rf"GET /api/v1/attachments/{_UUID}": [_file_of("/api/v1/attachments/{}")],
    rf"\w+ /media/{_UUID}/.*": [_file_of("/media/{}/a.bin")],
    r"\w+ /media/avatars/.*": [_get("/media/avatars/nobody.webp", "")],
    r"\w+ /api/.*": [_get("/api/v1/openapi.json", ""), _get("/api/v1/docs", "")],
    r"\w+ /": [_get("/", "cookie"), _get("/", "")],
    rf"\w+ /rooms/{_UUID}": [_in_room("/rooms/{}"), _in_room("/rooms/{}", "")],
    rf"\w+ /rooms/{_UUID}/\d+": [_in_room("/rooms/{}/1"), _in_room("/rooms/{}/1", "")],
    r"\w+ /embed/": [_get("/embed/"), _get("/embed/", "")],
    r"POST /accounts/profile/": [_post("/accounts/profile/", _AVATAR, _FORM, "cookie")],
    r"\w+ /accounts/.*": [
        _get("/accounts/signup/", ""),
        _get("/accounts/sessions/", "cookie"),
        _post("/accounts/login/", b"login=victim&password=wrong", _URLENCODED, "csrf"),
    ],
    r"\w+ /_allauth/.*": [
        _post("/_allauth/app/v1/auth/login", _LOGIN),
        _sign_up,
        _get("/_allauth/app/v1/auth/session"),
    ],
    r"\w+ /admin/.*": [_get("/admin/login/", ""), _get("/admin/", "cookie")],
    r"\w+ /healthz": [_get("/healthz", ""), _get("/metrics", "")],
    r"\w+ /static/.*": [_get("/static/chat/client.js", "")],
}


# -- What neither a command nor a request is ----


def _frames(head: bytes, payload: bytes = b"") -> bytes:
    one = head + b"\0\0\0\0" + payload  # masked by nothing
    return one * (2**16 // len(one))


@dataclass
class Flood:
    """Bytes that are sent without waiting for anything. ``ticket``: into a socket, opened with a
    good one or a made-up one; None: instead of a request."""

    ticket: bool | None
    content: bytes


FLOODS = {
    "pings": Flood(True, _frames(b"\x89\x80")),
    "pings of nobody": Flood(False, _frames(b"\x89\xfd", b"x" * 125)),
    "pieces": Flood(True, b"\x01\x80\0\0\0\0" + _frames(b"\x00\x80")),
    "empty messages, of text and of bytes": Flood(True, _frames(b"\x81\x80\0\0\0\0\x82\x80")),
    "messages that are no text": Flood(True, _frames(b"\x81\x81", b"\xff")),
    "a handshake with many headers": Flood(
        None, handshake("/ws/", "Content-Length: 0", *(f"X{number}: x" for number in range(130)))
    ),
    "requests": Flood(None, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1_500),
    "a handshake with a body": Flood(
        None, handshake("/ws/", "Content-Length: 99999") + b"x" * 2**15
    ),
}


# -- Everything ------------------------------------------------------------------------------

HANDSHAKES = ("ticket", "cookie", "no ticket", "no cookie", "wrong origin")
"""Sockets that are opened and left again."""


def cases() -> list[str]:
    """The names of all attacks, in an order that puts the like apart."""
    commands = [
        f"command {command.__name__} {number}"
        for command, inputs in COMMANDS.items()
        for number in range(len(inputs))
    ]
    doors = [f"request {door} {n}" for door, asks in ENDPOINTS.items() for n in range(len(asks))]
    sockets = [f"socket {kind}" for kind in HANDSHAKES]
    floods = [f"flood {kind}" for kind in FLOODS]
    return [*commands, "malformed", *doors, *sockets, *floods]


def without_input() -> list[str]:
    """What has a price and no dearest input here."""
    return [
        *(each.__name__ for each in protocol.COMMANDS if not COMMANDS.get(each)),
        *(door for door in prices.ENDPOINTS if not ENDPOINTS.get(door)),
    ]
