"""Ten thousand frames of nonsense: each is answered, none is an exception, the socket lives."""

import asyncio
import copy
import json
import random
import string
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.live import Server
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

FRAMES = 10_000
SEED = 20_261_122
CHUNK = 250
AT_MOST = 60_000  # bytes; beyond the limit of 64 KiB the rules close the socket

STRANGE_TEXTS = [
    "",
    " ",
    "\0",
    "\ud800",
    "\udfff\ud800",
    "\u202e",
    "\ufeff",
    "é" * 5000,
    "x" * 30_000,
    "../../etc/passwd",
    "'; DROP TABLE chat_room; --",
    "{{7*7}}",
    "%s%n",
    "\r\n\r\n",
    "NaN",
    "null",
    "0",
    "-1",
    "1e999",
    "[](javascript:alert(1))",
    "```" * 300,
    "*" * 2000,
    "> " * 500,
    "a\u0300" * 400,
    "👩‍👩‍👧‍👦" * 50,
    "@owner",
    "@" * 500,
    "http://" + "a." * 900,
    "\x7f\x80\x9f",
]
STRANGE_NUMBERS: list[Any] = [
    0,
    -1,
    1,
    2**31,
    2**53,
    2**53 + 1,
    2**63,
    -(2**63),
    2**64,
    10**40,
    0.5,
    1e308,
    -0.0,
    float("nan"),
    float("inf"),
]


class Fuzzer:
    """Makes frames, from noise to commands that are almost right."""

    def __init__(self, seed: int, ids: dict[str, list[str]]) -> None:
        self.random = random.Random(seed)
        self.ids = ids

    def frame(self) -> str | bytes:
        makers: list[Callable[[], str | bytes]] = [
            self.noise,
            self.json_noise,
            self.mutated,
            self.edited_text,
            self.nested,
            self.binary,
        ]
        make = self.random.choices(makers, [10, 15, 55, 15, 3, 2])[0]
        frame = make()
        size = len(frame) if isinstance(frame, bytes) else len(frame.encode(errors="replace"))
        return frame if size < AT_MOST else "{"

    def noise(self) -> str:
        pool = string.printable + "\0\u2028\u202eéß漢🙂"
        return "".join(self.random.choices(pool, k=self.random.randrange(200)))

    def binary(self) -> bytes:
        return self.random.randbytes(self.random.randrange(100))

    def nested(self) -> str:
        depth = self.random.choice([10, 500, 5_000, 25_000])
        opening, closing = self.random.choice([("[", "]"), ('{"a":', "}")])
        value = opening * depth + "1" + closing * depth
        if self.random.random() < 0.5:
            return value
        return f'{{"type":"message.send","ref":"n","room":{value}}}'

    def json_noise(self) -> str:
        return json.dumps(self.value(0))

    def edited_text(self) -> str:
        text = list(json.dumps(self.command()))
        for _ in range(self.random.randrange(1, 6)):
            at = self.random.randrange(len(text))
            text[at : at + self.random.randrange(3)] = self.random.choice(
                ["", '"', "{", "}", "[", "]", ",", ":", "\\", "\\ud800", "0", "é", "\0"]
            )
        return "".join(text)

    def mutated(self) -> str:
        command = self.command()
        for _ in range(self.random.choice([0, 0, 0, 1, 1, 2, 3])):
            name = self.random.choice(list(command)) if command else "type"
            how = self.random.randrange(4)
            if how == 0:
                command.pop(name, None)
            elif how == 1:
                command[name] = self.value(0)
            elif how == 2:
                command[self.text()[:50]] = self.value(1)
            else:
                command[name] = [copy.deepcopy(command.get(name))]
        return json.dumps(command)

    def value(self, depth: int) -> Any:
        kind = self.random.randrange(8 if depth < 3 else 6)
        if kind == 0:
            return self.random.choice([None, True, False])
        if kind == 1:
            return self.random.choice(STRANGE_NUMBERS)
        if kind in (2, 3):
            return self.text()
        if kind in (4, 5):
            return self.id(self.random.choice(["rooms", "messages", "files"]))
        if kind == 6:
            return [self.value(depth + 1) for _ in range(self.random.randrange(6))]
        return {self.text()[:40]: self.value(depth + 1) for _ in range(self.random.randrange(6))}

    def text(self) -> str:
        return self.random.choice(STRANGE_TEXTS)

    def id(self, kind: str) -> str:
        known = self.ids[kind]
        if known and self.random.random() < 0.8:
            return self.random.choice(known)
        return str(uuid.UUID(int=self.random.getrandbits(128)))

    def command(self) -> dict[str, Any]:
        ref = self.random.choice(["1", "2", "", "é", "\0", "\U0001f642", self.text()[:250]])
        return {"ref": ref} | self.random.choice(self.commands())

    def commands(self) -> list[dict[str, Any]]:
        """Every command as it should be, with strange but well-formed contents."""
        room, message, text = self.id("rooms"), self.id("messages"), self.text()
        number = self.random.choice([0, 1, 5, 2**53, 10])
        people = [self.random.choice(["crowd21", "crowd22", "nobody", text])]
        return [
            {"type": "sync", "rooms": {room: number, self.id("rooms"): 0}},
            {
                "type": "message.send",
                "room": room,
                "client_id": str(uuid.UUID(int=self.random.getrandbits(128))),
                "body": text,
                "attachments": [self.id("files")] * self.random.randrange(3),
                "reply_to": self.random.choice([None, message]),
            },
            {
                "type": "message.send",
                "room": room,
                "client_id": str(uuid.UUID(int=self.random.getrandbits(128))),
                "body": text,
            },
            {"type": "message.edit", "message": message, "body": text},
            {"type": "message.delete", "message": message},
            {"type": "message.react", "message": message, "emoji": text[:32] or "👍", "on": True},
            {"type": "message.react", "message": message, "emoji": "🎉", "on": number > 3},
            {"type": "message.report", "message": message, "reason": text[:1000]},
            {"type": "message.revisions", "message": message},
            {"type": "history", "room": room, "before": number, "limit": number % 250},
            {"type": "history", "room": room, "after": number},
            {"type": "room.open", "kind": "direct", "members": people},
            {"type": "room.open", "kind": "private", "name": text[:80], "members": people},
            {"type": "room.join", "room": room},
            {"type": "room.leave", "room": self.id("messages")},
            {"type": "room.rename", "room": room, "name": text[:80]},
            {"type": "room.add", "room": room, "members": people},
            {"type": "room.remove", "room": room, "member": people[0] or "x"},
            {"type": "room.role", "room": room, "member": people[0] or "x", "role": "moderator"},
            {"type": "room.members", "room": room, "after": text, "limit": number},
            {"type": "room.read", "room": room, "number": number},
            {"type": "room.find", "query": text[:80]},
            {"type": "people.find", "query": text[:80]},
            {"type": "people.get", "usernames": [*people, "owner"]},
            {"type": "user.update", "display_name": text[:80]},
            {"type": "typing", "room": room},
            {"type": "ping"},
        ]


@pytest.mark.timeout(180)
async def test_ten_thousand_strange_frames_are_answered_and_the_socket_lives(server: Server):
    fuzz, other = OutsideClient(server.url, "crowd20"), OutsideClient(server.url, "crowd21")
    ids: dict[str, list[str]] = {"rooms": [], "messages": [], "files": []}
    fuzzer = Fuzzer(SEED, ids)
    async with fuzz, other:
        for name in ("One", "Two"):
            opened = await fuzz.command("room.open", kind="private", name=name, members=["crowd21"])
            ids["rooms"].append(opened["room"]["id"])
            for number in range(5):
                message = await fuzz.send(opened["room"]["id"], f"message {number}")
                ids["messages"].append(message["id"])
        ids["files"].append((await fuzz.upload("a.txt", b"text", "text/plain"))["id"])
        assert fuzz.socket is not None

        # From here on the client's own checks would mistake refs that the fuzzer made up.
        answers: list[dict[str, Any]] = []
        receive = fuzz._receive

        def watch(frame: dict[str, Any]) -> None:
            if frame["type"] in ("reply", "error") and frame["ref"] not in fuzz._answers:
                answers.append(frame)
            elif frame["type"] in ("reply", "error"):
                receive(frame)

        fuzz._receive = watch  # type: ignore[method-assign]
        for start in range(0, FRAMES, CHUNK):
            for _ in range(CHUNK):
                frame = fuzzer.frame()
                try:
                    await fuzz.socket.send(
                        frame if isinstance(frame, bytes) else frame.encode("utf-8", "replace"),
                        text=not isinstance(frame, bytes),
                    )
                except ConnectionClosed as closed:
                    raise AssertionError(
                        f"{closed} after {start} frames, at {frame!r:.500}"
                    ) from None
            await fuzz.command("ping")
        errors = [answer for answer in answers if answer["type"] == "error"]
        failed = [answer for answer in errors if answer["code"] == "server_error"]
        assert not failed, failed[:5]
        assert len(errors) > FRAMES / 4
        assert len(answers) - len(errors) > FRAMES / 20
        # What came out of it is still a chat that another person can follow.
        await asyncio.sleep(1)
        for room in ids["rooms"]:
            if room in other.held:
                await other.page_history(room)
                numbers = [message["number"] for message in other.held[room].ordered()]
                assert numbers == list(range(1, len(numbers) + 1))
