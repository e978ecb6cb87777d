"""A disk that is nearly full, files that take all they may, and what is left of deleted texts."""

import asyncio
import shutil
import time
from pathlib import Path

import httpx
import pytest

from tests.conftest import Serve
from tests.support.live import Server
from tests.support.outside import CommandError, OutsideClient
from tests.system.test_slow_peers import Peer, head, peers

MIB = 1024 * 1024
MORE_THAN_ANY_DISK = str(10**9)


async def test_on_a_nearly_full_disk_messages_go_on_and_files_are_refused(serve: Serve):
    server = serve(FREE_DISK_MB=MORE_THAN_ANY_DISK, HEARTBEAT="1", METRICS_TOKEN="figures")
    async with OutsideClient(server.url, "crowd0") as anna, anna.http() as http:
        room = (await anna.command("room.open", kind="private", name="Work"))["room"]["id"]
        for size in (1_000, 200_000):
            answer = await http.post("/api/v1/attachments", files={"file": ("a", b"x" * size)})
            assert answer.status_code == 507
            assert answer.json()["code"] == "quota_exceeded"
            assert "disk" in answer.json()["detail"]
        # A large one at once, before it comes.
        async with peers(server.url, 1) as (sender,):
            assert await _announced(sender, anna, 50 * MIB) == 507
        assert (await anna.send(room, "still here"))["number"] == 1
        await _until_health_says(http, "degraded")
        figures = await _figures(http)
        assert figures["mediachat_disk_free_bytes"] > 0
        assert figures["mediachat_disk_floor_bytes"] == 10**9 * MIB

        page = await _own_page(server, anna, b"\x89PNG not really")
        assert "The server&#x27;s disk is nearly full" in page


async def test_a_full_disk_is_known_before_anyone_comes(serve: Serve):
    server = serve(FREE_DISK_MB=MORE_THAN_ANY_DISK, METRICS_TOKEN="figures")
    async with httpx.AsyncClient(base_url=server.url) as http:
        assert (await http.get("/healthz")).json()["status"] == "degraded"
        assert (await _figures(http))["mediachat_disk_free_bytes"] > 0


async def test_what_is_under_way_counts_before_it_is_on_the_disk(serve: Serve):
    free = shutil.disk_usage(Path.cwd()).free // MIB
    # Room for one of 2,000 MB with its copy, give or take what others do on this disk.
    floor = str(free - 6_000)
    server = serve(FREE_DISK_MB=floor, MAX_UPLOAD_MB="2000", BODY_SECONDS="100")
    async with (
        OutsideClient(server.url, "crowd0") as anna,
        OutsideClient(server.url, "crowd1") as ben,
    ):
        for _ in range(2):  # what has gone is given back
            async with peers(server.url, 2) as (first, second):
                await first.say(_announcement(anna, 2_000 * MIB))
                await asyncio.sleep(0.5)
                assert await _announced(second, ben, 2_000 * MIB) == 507
            await asyncio.sleep(0.5)


async def test_all_files_together_take_so_much_and_no_more(serve: Serve):
    server = serve(STORAGE_TOTAL_MB="3", FREE_DISK_MB="0", HEARTBEAT="1", METRICS_TOKEN="figures")
    async with (
        OutsideClient(server.url, "crowd0") as anna,
        OutsideClient(server.url, "crowd1") as ben,
        anna.http() as http,
    ):
        room = (await anna.command("room.open", kind="private", name="Work"))["room"]["id"]
        file = await anna.upload("first.bin", b"x" * 2 * MIB, "application/octet-stream")
        sent = await anna.send(room, "a file", attachments=[file["id"]])
        with pytest.raises(CommandError, match="quota_exceeded"):
            await ben.upload("second.bin", b"x" * 2 * MIB, "application/octet-stream")
        async with peers(server.url, 1) as (sender,):
            assert await _announced(sender, ben, 2 * MIB) == 507
        assert (await ben.upload("small.txt", b"x" * 900, "text/plain"))["size"] == 900
        assert (await _figures(http))["mediachat_stored_bytes"] == 2 * MIB + 900

        await anna.command("message.delete", message=sent["id"])
        again = await ben.upload("again.bin", b"x" * 2 * MIB, "application/octet-stream")
        assert again["size"] == 2 * MIB


@pytest.mark.impossible_on(
    postgres="what was deleted is vacuumed by the database server, in its own time",
    mongodb="what was deleted is overwritten by the database server, in its own time",
)
@pytest.mark.parametrize("busy", [False, True])
async def test_what_was_deleted_is_gone_from_the_files(serve: Serve, busy: bool):
    """Of the database and of its log, whether nobody writes any more or others write on."""
    server = serve(HEARTBEAT="1", RATE_LIMITS="off")
    short, long, edited = "kingfisher-7431", "heron-5582 ", "bittern-9917"
    async with OutsideClient(server.url, "crowd0") as anna:
        room = (await anna.command("room.open", kind="private", name="Work"))["room"]["id"]
        await asyncio.gather(*(anna.send(room, f"before {n} " * 20) for n in range(100)))
        doomed = [
            await anna.send(room, f"The word is {short}."),
            await anna.send(room, long * 1_500),
            await anna.send(room, f"The word is {edited}."),
        ]
        await anna.command("message.edit", message=doomed[2]["id"], body="There is no word.")
        await asyncio.gather(*(anna.send(room, f"after {n} " * 20) for n in range(100)))
        words = (short, long.strip(), edited)
        assert all(_is_in_files(server, word) for word in words)

        for message in doomed:
            await anna.command("message.delete", message=message["id"])
        writing = asyncio.create_task(_write_on(anna, room) if busy else asyncio.sleep(0))
        deadline = time.monotonic() + 15
        while left := [word for word in words if _is_in_files(server, word)]:
            assert time.monotonic() < deadline, left
            await asyncio.sleep(0.2)
        writing.cancel()


async def _write_on(anna: OutsideClient, room: str) -> None:
    while True:
        await anna.send(room, "and on")
        await asyncio.sleep(0.05)


def _is_in_files(server: Server, word: str) -> bool:
    names = ("db.sqlite3", "db.sqlite3-wal")
    files = [Path(server.data_dir / name) for name in names]
    return any(file.exists() and word.encode() in file.read_bytes() for file in files)


async def _announced(sender: Peer, who: OutsideClient, size: int) -> int:
    await sender.say(_announcement(who, size))
    status, text = await sender.answer()
    assert '"quota_exceeded"' in text
    return status


def _announcement(who: OutsideClient, size: int) -> bytes:
    return head("/api/v1/attachments", length=size, X_Session_Token=who.token)


async def _figures(http: httpx.AsyncClient) -> dict[str, float]:
    text = (await http.get("/metrics", headers={"Authorization": "Bearer figures"})).text
    rows = [line.split(" ") for line in text.splitlines() if line.startswith("mediachat_")]
    return {row[0]: float(row[1]) for row in rows}


async def _until_health_says(http: httpx.AsyncClient, status: str) -> None:
    deadline = time.monotonic() + 10
    while (await http.get("/healthz")).json()["status"] != status:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def _own_page(server: Server, anna: OutsideClient, picture: bytes) -> str:
    """What somebody sees who sends a picture of themselves."""
    cookies = {"sessionid": anna.token}
    async with httpx.AsyncClient(base_url=server.url, cookies=cookies) as browser:
        form = await browser.get("/accounts/profile/")
        assert form.status_code == 200, form.headers
        token = form.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        answer = await browser.post(
            "/accounts/profile/",
            data={"csrfmiddlewaretoken": token, "display_name": ""},
            files={"picture": ("me.png", picture, "image/png")},
        )
    assert answer.status_code == 200
    return answer.text
