import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mediachat.bodies import MIB, BodyLimit
from tests.live import Server


class Asked:
    """One request to a limit of 1 MiB, and of 3 MiB at /large, whose application reads it all."""

    def __init__(self, path: str, chunks: list[bytes], *, declared: int | None = None) -> None:
        headers = [] if declared is None else [(b"content-length", str(declared).encode())]
        self.scope: Any = {"type": "http", "path": path, "headers": headers}
        self.events = [
            {"type": "http.request", "body": chunk, "more_body": more}
            for chunk, more in zip(chunks, [True] * (len(chunks) - 1) + [False], strict=True)
        ]
        self.read = 0
        self.sent: list[Any] = []

    async def answer(self) -> int:
        await BodyLimit(self.application, limits={"/large": 3 * MIB})(
            self.scope, self.receive, self.send
        )
        return int(self.sent[0]["status"])

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
