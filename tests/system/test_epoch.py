"""A running server whose database is restored under it finds that out by itself."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests import databases
from tests.conftest import Serve
from tests.support.outside import ClosedError, OutsideClient


async def test_ready_tells_the_history_and_the_server(serve: Serve):
    server = serve()
    async with OutsideClient(server.url, "crowd0") as anna:
        epoch = anna.ready["epoch"]
        assert anna.ready["server"]["name"] == "Media Chat"
        assert anna.ready["server"]["version"]
    server.restart()
    async with OutsideClient(server.url, "crowd1") as ben:
        assert ben.ready["epoch"] == epoch


async def test_at_a_heartbeat_everyone_is_sent_away_and_comes_back_to_the_new_history(
    serve: Serve,
):
    server = serve(HEARTBEAT="1")
    async with OutsideClient(server.url, "crowd0") as anna:
        epoch = anna.ready["epoch"]
        server.manage("new_epoch")
        async with asyncio.timeout(5):
            assert await anna.closed == 1012
        async with OutsideClient(server.url, "crowd0") as again:
            assert again.ready["epoch"] != epoch
            room = next(iter(again.rooms))
            sent = await again.send(room, "goes on")
            assert await again.history(room) == [sent]
            await asyncio.sleep(2.5)  # and only once
            assert not again.closed.done()


async def test_it_is_found_by_whoever_connects(serve: Serve):
    server = serve(HEARTBEAT="60")
    async with OutsideClient(server.url, "crowd0") as anna:
        await asyncio.sleep(2)  # the heartbeat that follows the start has been
        server.manage("new_epoch")
        try:
            async with OutsideClient(server.url, "crowd1") as ben, asyncio.timeout(5):
                assert await ben.closed == 1012
        except ClosedError:
            pass  # before it was greeted
        async with asyncio.timeout(5):
            assert await anna.closed == 1012
        async with OutsideClient(server.url, "crowd1") as ben:
            assert ben.ready["epoch"] != anna.ready["epoch"]


@pytest.mark.skipif(bool(databases.server()), reason="it is about files of SQLite")
async def test_a_file_that_was_put_in_the_place_of_the_database_is_the_database(
    serve: Serve, tmp_path: Path
):
    """Nobody should restore under a running server; whoever does loses no more than they must."""
    server = serve(HEARTBEAT="1", RATE_LIMITS="off")
    async with OutsideClient(server.url, "crowd0") as anna:
        room = next(iter(anna.rooms))
        kept = await anna.send(room, "kept")
        server.manage("backup", str(tmp_path / "backups"))
        await anna.send(room, "lost")
        await asyncio.sleep(1.5)  # it has looked at its file
        for path in [*server.data_dir.glob("db.sqlite3*"), server.data_dir / "media"]:
            if path.exists():
                shutil.move(path, tmp_path)
        server.manage("restore", str(next((tmp_path / "backups").iterdir())))
        async with asyncio.timeout(8):
            assert await anna.closed == 1012
    async with OutsideClient(server.url, "crowd0") as again:
        assert await again.history(room) == [kept]
        new = await again.send(room, "new")
    server.restart()
    async with OutsideClient(server.url, "crowd0") as again:
        assert await again.history(room) == [kept, new]
