"""What people are told when the machine fails under the server."""

import resource
import uuid
from typing import Any

import psutil
import pytest

from tests import databases
from tests.conftest import Serve
from tests.support.live import Server
from tests.support.outside import CommandError, OutsideClient

MOST_CONNECTIONS = 10
"""A little more than the threads that talk to the database (DB_THREADS)."""


def forbid_writing(server: Server, forbidden: bool) -> None:
    """No file of the server may grow any more: to SQLite, a full disk."""
    assert server.process is not None
    for process in (
        psutil.Process(server.process.pid),
        *psutil.Process(server.process.pid).children(recursive=True),
    ):
        limit = 0 if forbidden else resource.RLIM_INFINITY
        process.rlimit(psutil.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


@pytest.mark.impossible_on(
    postgres="the full disk would be the database server's, not ours",
    mongodb="the full disk would be the database server's, not ours",
)
async def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_half_stored(serve: Serve):
    server = serve(expect_errors=True, RATE_LIMITS="off", HEARTBEAT="2")
    anna, ben = OutsideClient(server.url, "crowd0"), OutsideClient(server.url, "crowd1")
    async with anna, ben:
        room = (await anna.command("room.open", kind="direct", members=["crowd1"]))["room"]["id"]
        await anna.send(room, "before")
        await ben.until(lambda: room in ben.held)
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


@pytest.mark.impossible_on(
    mongodb="the emulator serves all tests of this run, so it cannot be taken away from one"
)
async def test_a_server_without_its_database_says_so_and_recovers(serve: Serve):
    server = serve(expect_errors=True, RATE_LIMITS="off", HEARTBEAT="2")
    async with OutsideClient(server.url, "crowd0") as anna, anna.http() as http:
        assert (await http.get("/healthz")).status_code == 200
        with databases.taken_away(server.data_dir):
            answer = await http.get("/healthz")
            assert answer.status_code == 503
            assert answer.text
            if databases.server():  # a file that is renamed stays open
                with pytest.raises(CommandError, match="server_error"):
                    await anna.command("room.open", kind="private", name="Nowhere")
        assert (await http.get("/healthz")).status_code == 200
        await _in_the_end(anna, "room.open", kind="private", name="Here again")


async def _in_the_end(client: OutsideClient, command: str, **fields: Any) -> None:
    """Asks again, as clients do: each thread of the server learns by a failure that its
    connection is gone."""
    for _ in range(MOST_CONNECTIONS):
        try:
            await client.command(command, **fields)
        except CommandError as refused:
            assert refused.code == "server_error"
        else:
            return
    raise AssertionError("it did not recover")
