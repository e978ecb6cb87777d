"""A backup that is made while people write, restored, and what the real clients make of that."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.conftest import PASSWORD, Serve
from tests.support.components import node
from tests.support.live import ROOT, Server
from tests.support.outside import ClosedError, CommandError, OutsideClient

WRITERS = 4
A_SECOND = 10 if databases.is_emulated() else 100
"""Messages of all of them. The emulator of MongoDB takes no more."""
BEFORE, AFTER = (40, 30) if databases.is_emulated() else (200, 100)
"""Messages before the backup is begun, and between its end and the loss of the server."""


class Clients:
    """People with the client library, in a process of Node."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, command: str, **given: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"command": command, **given}).encode() + b"\n")
        async with asyncio.timeout(90):
            said = json.loads(await self._process.stdout.readline())
        assert "error" not in said, said
        return said["answer"]

    async def until(self, who: str, room: str, holds: Any, seconds: float = 90) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            shown: dict[str, Any] = await self.do("show", who=who, room=room)
            if holds(shown):
                return shown
            assert time.monotonic() < deadline, {**shown, "messages": shown["messages"][-3:]}
            await asyncio.sleep(0.1)


@asynccontextmanager
async def clients(server: Server) -> AsyncIterator[Clients]:
    process = await asyncio.create_subprocess_exec(
        node(),
        "--no-warnings",
        "--experimental-websocket",
        str(ROOT / "tests" / "system" / "clients.mjs"),
        server.url,
        PASSWORD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=10_000_000,
    )
    yield Clients(process)
    process.kill()
    await process.wait()


class Load:
    """People who write so many messages a second, until they are stopped or lose the server."""

    def __init__(self, server: Server, room: str) -> None:
        self.stored: dict[str, dict[str, Any]] = {}
        self._server, self._room = server, room
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        for number in range(WRITERS):
            client = OutsideClient(self._server.url, f"crowd{number}")
            await client.sign_in()
            await client.connect()
            self._tasks.append(asyncio.create_task(self._write(client)))

    async def _write(self, client: OutsideClient) -> None:
        loop = asyncio.get_running_loop()
        number, begun = 0, loop.time()
        with suppress(ClosedError, CommandError):
            while True:
                number += 1
                sent = await client.send(self._room, f"{client.username} {number}")
                self.stored[sent["id"]] = sent
                await asyncio.sleep(begun + number * WRITERS / A_SECOND - loop.time())
        with suppress(Exception):
            await client.disconnect()

    async def until(self, count: int) -> None:
        while len(self.stored) < count:
            for task in self._tasks:
                assert not task.done(), task
            await asyncio.sleep(0.02)

    async def ended(self) -> None:
        await asyncio.wait(self._tasks)


@pytest.mark.timeout(400)
async def test_everyone_shows_what_is_restored_and_what_was_unsent_is_sent(
    serve: Serve, seeded, tmp_path: Path
):
    room = seeded.rooms["crowd"]
    server = serve(RATE_LIMITS="off", HEARTBEAT="2")
    load = Load(server, room)
    async with OutsideClient(server.url, "crowd9") as anna:
        file = await anna.upload("kept.bin", b"kept" * 1000, "application/octet-stream")
        kept = await anna.send(room, "kept", attachments=[file["id"]])
    async with clients(server) as people:
        for who in ("crowd10", "crowd11", "crowd12"):
            await people.do("join", who=who, room=room)
        await load.start()
        await load.until(BEFORE)

        begun = len(load.stored)
        said = await asyncio.to_thread(server.manage, "backup", str(tmp_path / "backups"))
        ended = len(load.stored)
        assert "bytes)" in said
        (archive,) = (tmp_path / "backups").iterdir()

        # What comes now is lost. One sees it and goes away, one stays, one writes without a server.
        await load.until(ended + AFTER)
        await people.do("leave", who="crowd11")
        lost = await people.do("show", who="crowd11", room=room)
        server.kill()
        await load.ended()
        for number in range(5):
            await people.do("write", who="crowd12", room=room, body=f"unsent {number}")

        other = _empty(server, tmp_path / "restored")
        other.manage("restore", str(archive))
        other.start()
        try:
            await _compare(other, room, people, load, kept, (begun, ended), lost)
            other.assert_no_exception_logged()
        finally:
            other.stop()


def _empty(server: Server, folder: Path) -> Server:
    """An installation without anything, at the same address."""
    databases.assign(folder)
    (folder / "static").symlink_to(server.data_dir / "static")
    return Server(folder, server.environment, port=server.port)


async def _compare(
    server: Server,
    room: str,
    people: Clients,
    load: Load,
    kept: dict[str, Any],
    during: tuple[int, int],
    lost: dict[str, Any],
) -> None:
    def is_back(shown: dict[str, Any]) -> bool:
        return bool(shown["state"] == "online" and shown["unsent"] == 0 and shown["restored"])

    for who in ("crowd10", "crowd12"):
        await people.until(who, room, is_back)
    async with OutsideClient(server.url, "crowd13") as ben:
        stored = await ben.history(room)
        unsent = [message for message in stored if message["body"].startswith("unsent")]
        assert [message["body"] for message in unsent] == [f"unsent {n}" for n in range(5)]
        restored = stored[: -len(unsent)]
        # It is of a moment of the backup: the first messages, each as it was acknowledged.
        assert [message["number"] for message in stored] == list(range(1, len(stored) + 1))
        assert during[0] <= len(restored) - 1 <= during[1] + WRITERS
        for message in restored[1:]:
            assert load.stored.get(message["id"], message) == message
        assert restored[0] == kept
        saved = await ben.download(stored[0]["attachments"][0]["url"])
        assert saved.content == b"kept" * 1000

        # The history grows past what was lost, with other messages.
        for number in range(lost["messages"][-1][1] + 20 - len(stored)):
            await ben.send(room, f"new {number}")
        await ben.send(room, "@crowd10 are you there?")
        await people.do("come", who="crowd11")
        truth = [[each["id"], each["number"], each["body"]] for each in await ben.history(room)]

    def is_shown(shown: dict[str, Any]) -> bool:
        held = shown["messages"]
        return bool(held) and not shown["loading"] and held == truth[-len(held) :]

    for who in ("crowd10", "crowd11", "crowd12"):
        shown = await people.until(who, room, is_shown)
        assert len(shown["messages"]) >= 50
        assert shown["restored"] == 1
        assert shown["epoch"] != lost["epoch"]
        # Who was connected is called by the first mention after the restore.
        assert shown["mentions"] == ([truth[-1][1]] if who == "crowd10" else [])
