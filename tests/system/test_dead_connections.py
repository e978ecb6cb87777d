"""Connections to PostgreSQL that end while nobody looks, and locks that strangers hold."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from tests import databases
from tests.conftest import Serve
from tests.support.live import Server
from tests.support.outside import OutsideClient, connected

pytestmark = pytest.mark.skipif(
    databases.kind() != "postgres",
    reason="SQLite is a file; MongoDB's driver looks after its connections by itself",
)

PEOPLE = [f"crowd{number}" for number in range(6)]


def administrator(server: Server) -> psycopg.Connection[Any]:
    """A connection beside the server's own."""
    return psycopg.connect((server.data_dir / databases.ADDRESS).read_text(), autocommit=True)


def end_all(control: psycopg.Connection[Any]) -> int:
    """Ends all other connections to this database; returns how many there were."""
    ended = control.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return len(ended.fetchall())


async def everything(person: OutsideClient, room: str) -> None:
    """Something of each kind that reaches the database in a thread of its own."""
    sent = await person.send(room, "Still here.")
    await asyncio.gather(
        person.command("message.react", message=sent["id"], emoji="👍", on=True),
        person.command("history", room=room),
        person.command("people.find", query="crowd"),
        person.command("room.members", room=room),
        person.command("room.read", room=room, number=sent["number"]),
        *(person.command("people.get", usernames=PEOPLE) for _ in range(8)),
    )
    await person.upload("note.txt", b"words", "text/plain")
    async with person.http() as http:
        for path in ("/api/v1/rooms", "/accounts/sessions/"):
            assert (await http.get(path)).status_code < 400


async def test_ended_connections_cost_nobody_an_error(serve: Serve, seeded: Any) -> None:
    server, room = serve(RATE_LIMITS="off"), seeded.rooms["crowd"]
    async with connected(server.url, *PEOPLE) as people:
        with administrator(server) as control:
            for _ in range(4):
                await asyncio.gather(*(everything(person, room) for person in people))
                assert end_all(control) > 4
                await asyncio.gather(*(everything(person, room) for person in people))
                end_all(control)


async def test_an_idle_timeout_costs_nobody_an_error(serve: Serve, seeded: Any) -> None:
    server, room = serve(RATE_LIMITS="off"), seeded.rooms["crowd"]
    with administrator(server) as control:
        name = control.info.dbname
        control.execute(f'ALTER DATABASE "{name}" SET idle_session_timeout = 3000')
        end_all(control)
    async with connected(server.url, *PEOPLE) as people:
        for _ in range(2):
            await asyncio.gather(*(everything(person, room) for person in people))
            await asyncio.sleep(3.5)
        await asyncio.gather(*(everything(person, room) for person in people))


async def test_a_room_that_a_stranger_has_locked_holds_up_no_other(
    serve: Serve, seeded: Any
) -> None:
    server = serve(RATE_LIMITS="off", expect_errors=True)
    held, free = seeded.rooms["crowd"], seeded.rooms["private"]
    async with connected(server.url, "owner", "crowd1") as (owner, other):
        posted = await owner.send(free, "Vote!")
        locked = await other.send(held, "Vote here!")
        with administrator(server) as control, control.transaction():
            control.execute("SELECT 1 FROM chat_room WHERE _id = %s FOR UPDATE", [held])
            stopped = [
                asyncio.create_task(other.send(held, "Waits.")),
                asyncio.create_task(
                    other.command("message.react", message=locked["id"], emoji="👍", on=True)
                ),
            ]
            await asyncio.sleep(0)
            began = time.monotonic()
            going = [owner.send(free, f"Goes {number}.") for number in range(3)]
            going.append(owner.command("message.react", message=posted["id"], emoji="👍", on=True))
            await asyncio.gather(*going)
            assert time.monotonic() - began < 5
            refused = await asyncio.gather(*stopped, return_exceptions=True)
            assert [getattr(error, "code", error) for error in refused] == ["server_error"] * 2
        await other.send(held, "Goes again.")
