"""Many who sign in or sign up at once, with right passwords and wrong: nobody else feels it."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests import databases
from tests.conftest import PASSWORD, Serve
from tests.support.live import Server
from tests.support.outside import OutsideClient

pytestmark = [pytest.mark.once, pytest.mark.alone, pytest.mark.timeout(120)]

MIB = 2**20
P95 = 2.0 if databases.is_emulated() else 0.2
"""Seconds in which a message is answered meanwhile; the emulator answers one after the other."""
TIMES_QUIET = 4
"""On a machine that other work keeps busy, a message may take so many times what it takes before
and after."""


def peak(server: Server) -> int:
    """The most memory that the server's processes have had at once, in bytes."""
    assert server.process is not None
    root = psutil.Process(server.process.pid)
    total = 0
    for process in [root, *root.children(recursive=True)]:
        status = Path(f"/proc/{process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        total += int(line.split()[1]) * 1024
    return total


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


class Storm:
    """Requests at once, and what others feel of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers: list[httpx.Response] = []
        self.waits: list[float] = []
        self.quiet: list[float] = []
        self.healthy: list[float] = []
        self.took = self.grown = 0.0

    async def run(self, posts: list[dict[str, Any]]) -> None:
        limits = httpx.Limits(max_connections=len(posts) + 1)
        async with (
            OutsideClient(self.server.url, "owner") as writer,
            httpx.AsyncClient(base_url=self.server.url, timeout=60, limits=limits) as http,
        ):
            room = (await writer.command("room.open", kind="private", name="Storm"))["room"]["id"]
            await self._messages(writer, room)
            before, began = peak(self.server), time.monotonic()
            storm = asyncio.gather(*(http.post(**post) for post in posts))
            async with asyncio.TaskGroup() as group:
                group.create_task(
                    self._until(storm, self.waits, lambda: writer.send(room, "meanwhile"))
                )
                group.create_task(self._until(storm, self.healthy, lambda: http.get("/healthz")))
            self.answers = await storm
            self.took = time.monotonic() - began
            self.grown = peak(self.server) - before
            await self._messages(writer, room)

    async def _messages(self, writer: OutsideClient, room: str) -> None:
        """What a message takes when there is no storm."""
        for _ in range(15):
            began = time.monotonic()
            await writer.send(room, "quiet")
            self.quiet.append(time.monotonic() - began)
            await asyncio.sleep(0.06)

    @staticmethod
    async def _until(
        storm: "asyncio.Future[Any]", times: list[float], ask: Callable[[], Awaitable[Any]]
    ) -> None:
        while not storm.done():
            began = time.monotonic()
            await ask()
            times.append(time.monotonic() - began)
            await asyncio.sleep(0.06)

    def assert_nobody_felt_it(self) -> None:
        assert self.grown < 64 * MIB, f"grew by {self.grown / MIB:.0f} MiB"
        slow, quiet = p95(self.waits), p95(self.quiet)
        assert slow < max(P95, TIMES_QUIET * quiet), (slow, quiet)
        assert p95(self.healthy) < max(1.0, 10 * quiet), self.healthy
        assert self.took < 40

    @property
    def codes(self) -> Counter[int]:
        return Counter(answer.status_code for answer in self.answers)


def sign_in(username: str, password: str, *, address: str) -> dict[str, Any]:
    return {
        "url": "/_allauth/app/v1/auth/login",
        "json": {"username": username, "password": password},
        "headers": {"X-Forwarded-For": address},
    }


async def test_a_hundred_guesses_from_many_addresses_at_once(serve: Serve):
    server = serve(TRUSTED_PROXY_COUNT="1")
    storm = Storm(server)
    await storm.run([sign_in(f"nobody{n}", "wrong", address=f"198.51.{n}.7") for n in range(100)])
    storm.assert_nobody_felt_it()
    # So many wait, and the others are told at once to come again.
    assert set(storm.codes) == {400, 429}, storm.codes
    assert storm.codes[400] >= 50
    for answer in storm.answers:
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["Retry-After"]) <= 10
            assert answer.json()["code"] == "rate_limited"
            assert "again" in answer.json()["errors"][0]["message"]


async def test_an_office_behind_one_address_comes_in_at_once(serve: Serve):
    server = serve(TRUSTED_PROXY_COUNT="1")
    storm = Storm(server)
    await storm.run(
        [sign_in(f"crowd{n % 40}", PASSWORD, address="198.51.100.7") for n in range(60)]
    )
    storm.assert_nobody_felt_it()
    assert storm.codes == {200: 60}


async def test_many_sign_ups_at_once(serve: Serve):
    server = serve(TRUSTED_PROXY_COUNT="1")
    storm = Storm(server)
    await storm.run(
        [
            {
                "url": "/_allauth/app/v1/auth/signup",
                "json": {"username": f"newcomer{n}", "password": PASSWORD},
                "headers": {"X-Forwarded-For": f"198.51.{n}.7"},
            }
            for n in range(20)
        ]
    )
    storm.assert_nobody_felt_it()
    assert storm.codes == {200: 20}
