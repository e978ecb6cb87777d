import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mediachat.http.body_limit import HELD_LIMIT, MIB, SMALL, BodyLimit, Refused
from tests.support.live import Server

pytestmark = pytest.mark.once


class Taken:
    """An upload that somebody may send."""

    def __init__(self, declared: int | None) -> None:
        self.size = declared or 0
        self.has_ended = False

    def grow(self, size: int) -> None:
        self.size += size

    def end(self) -> None:
        self.has_ended = True


class Asked:
    """One request to a limit of 1 MiB, and of 3 MiB at /large, whose application reads it all."""

    def __init__(
        self,
        path: str,
        chunks: list[bytes],
        *,
        declared: int | None = None,
        refusal: Refused | None = None,
    ) -> None:
        headers = [] if declared is None else [(b"content-length", str(declared).encode())]
        self.scope: Any = {"type": "http", "method": "POST", "path": path, "headers": headers}
        self.scope["query_string"] = b""
        self.refusal = refusal
        self.uploads: list[Taken] = []
        self.limit = BodyLimit(self.application, limits={"/large": 3 * MIB}, admit=self.admit)
        self.events = [
            {"type": "http.request", "body": chunk, "more_body": more}
            for chunk, more in zip(chunks, [True] * (len(chunks) - 1) + [False], strict=True)
        ]
        self.read = 0
        self.sent: list[Any] = []

    async def answer(self) -> int:
        await self.limit(self.scope, self.receive, self.send)
        return int(self.sent[0]["status"])

    async def admit(self, scope: Any, declared: int | None) -> Taken:
        if self.refusal:
            raise self.refusal
        self.uploads.append(Taken(declared))
        return self.uploads[-1]

    async def receive(self) -> Any:
        return self.events.pop(0)

    async def send(self, event: Any) -> None:
        self.sent.append(event)

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            event = await receive()
            self.read += len(event["body"])
            more = event["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def test_a_body_up_to_the_limit_is_read() -> None:
    asked = Asked("/", [b"x" * MIB], declared=MIB)
    assert await asked.answer() == 200
    assert asked.read == MIB


async def test_a_body_that_declares_too_much_is_refused_unread() -> None:
    asked = Asked("/", [b"x"], declared=MIB + 1)
    assert await asked.answer() == 413
    assert asked.read == 0
    assert json.loads(asked.sent[1]["body"])["code"] == "too_large"


@pytest.mark.parametrize("declared", [None, 10])
async def test_a_body_that_grows_too_large_is_refused_at_the_limit(declared: int | None) -> None:
    asked = Asked("/", [b"x" * MIB] * 5, declared=declared)
    assert await asked.answer() == 413
    assert asked.read == MIB


NOBODY = Refused(401, "unauthenticated", "Sign in first.")


@pytest.mark.parametrize("declared", [None, SMALL])
async def test_nobody_is_asked_about_who_sends_a_small_body(declared: int | None) -> None:
    asked = Asked("/", [b"x" * (SMALL // 2)] * 2, declared=declared, refusal=NOBODY)
    assert await asked.answer() == 200
    assert asked.read == SMALL


@pytest.mark.parametrize("declared", [None, 2 * SMALL])
async def test_of_a_stranger_no_more_than_a_small_body_is_read(declared: int | None) -> None:
    asked = Asked("/large", [b"x" * SMALL] * 2, declared=declared, refusal=NOBODY)
    assert await asked.answer() == 401
    assert asked.read == (SMALL if declared is None else 0)
    assert json.loads(asked.sent[1]["body"])["code"] == "unauthenticated"
    assert asked.limit.held == 0


@pytest.mark.parametrize("declared", [None, 3 * SMALL])
async def test_who_sends_is_asked_once_and_their_bytes_are_counted(declared: int | None) -> None:
    asked = Asked("/", [b"x" * SMALL] * 3, declared=declared)
    assert await asked.answer() == 200
    (upload,) = asked.uploads
    assert upload.size == 3 * SMALL
    assert upload.has_ended


async def test_unfinished_bodies_of_strangers_take_so_much_memory_and_no_more() -> None:
    slow, quick = Asked("/", [b"x" * 99, b"y"]), Asked("/", [b"x" * 100])
    for asked in (slow, quick):
        asked.limit.held = HELD_LIMIT
    assert await slow.answer() == 429
    assert slow.limit.held == HELD_LIMIT
    assert await quick.answer() == 200


async def test_an_editor_in_a_browser_may_read_why() -> None:
    asked = Asked("/api/v1/attachments", [b"x"], declared=2 * SMALL, refusal=NOBODY)
    asked.scope["headers"].append((b"origin", b"https://vscode.dev"))
    await asked.answer()
    allowed = dict(asked.sent[0]["headers"])[b"access-control-allow-origin"]
    assert allowed == b"https://vscode.dev"


async def test_an_address_may_take_more() -> None:
    assert await Asked("/large", [b"x" * MIB] * 3).answer() == 200
    assert await Asked("/large/", [b"x" * MIB] * 3).answer() == 200
    assert await Asked("/large", [b"x" * MIB] * 4).answer() == 413


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/", "/api/v1/rooms", "/nowhere"])
def test_the_server_refuses_two_megabytes_where_none_are_needed(server: Server, path: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 65_536] * 32

    for body in (b"x" * 2 * MIB, chunks()):
        answer = httpx.post(server.url + path, content=body)
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"
