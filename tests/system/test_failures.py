"""What people are told when the machine fails under the server."""

import resource
import uuid

import psutil
import pytest

from tests.conftest import Serve
from tests.live import Server
from tests.outside import CommandError, OutsideClient


def forbid_writing(server: Server, forbidden: bool) -> None:
    """No file of the server may grow any more: to SQLite, a full disk."""
    assert server.process is not None
    for process in (
        psutil.Process(server.process.pid),
        *psutil.Process(server.process.pid).children(recursive=True),
    ):
        limit = 0 if forbidden else resource.RLIM_INFINITY
        process.rlimit(psutil.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


async def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_half_stored(serve: Serve):
    server = serve(expect_errors=True, RATE_LIMITS="off", HEARTBEAT="2")
    anna, ben = OutsideClient(server.url, "crowd0"), OutsideClient(server.url, "crowd1")
    async with anna, ben:
        room = (await anna.command("room.open", kind="direct", members=["crowd1"]))["room"]["id"]
        await ben.until(lambda: room in ben.held)
        await anna.send(room, "before")
        client_ids = [str(uuid.uuid4()) for _ in range(5)]

        forbid_writing(server, True)
        for client_id in client_ids:
            with pytest.raises(CommandError) as refused:
                await anna.send(room, "on a full disk", client_id=client_id)
            assert refused.value.code == "server_error"
        assert len(await ben.history(room)) == 1
        forbid_writing(server, False)

        for client_id in client_ids:
            await anna.send(room, "on a full disk", client_id=client_id)
        await ben.until(lambda: ben.held[room].position == 6)
        assert len(await ben.history(room)) == 6


async def test_a_server_without_its_database_says_so_and_recovers(serve: Serve):
    server = serve(expect_errors=True, RATE_LIMITS="off", HEARTBEAT="2")
    database = server.data_dir / "db.sqlite3"
    async with OutsideClient(server.url, "crowd0") as anna, anna.http() as http:
        assert (await http.get("/healthz")).status_code == 200
        hidden = database.with_suffix(".away")
        for path in server.data_dir.glob("db.sqlite3*"):
            path.rename(str(path).replace("db.sqlite3", hidden.name))
        database.mkdir()
        answer = await http.get("/healthz")
        assert answer.status_code == 503
        assert answer.text
        database.rmdir()
        for path in server.data_dir.glob(hidden.name + "*"):
            path.rename(str(path).replace(hidden.name, "db.sqlite3"))
        assert (await http.get("/healthz")).status_code == 200
        await anna.command("room.open", kind="private", name="Here again")
