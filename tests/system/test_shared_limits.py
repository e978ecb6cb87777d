"""Two server processes and their Redis: what is limited is limited once, not once a process."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chat.throttling.connection_limits import LIFETIME
from tests import databases
from tests.conftest import Serve
from tests.support.live import Redis, Server
from tests.support.outside import ClosedError, CommandError, OutsideClient

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

AT_ONCE = 10 if databases.is_emulated() else 2
"""Seconds; the emulator answers one after the other."""


def two(
    serve: Serve, redis: Redis, *, expect_errors: bool = False, **settings: str
) -> list[Server]:
    common: dict[str, Any] = {"REDIS_URL": redis.url, "HEARTBEAT": "2", **settings}
    first = serve(expect_errors=expect_errors, **common)
    return [first, serve(data_of=first, expect_errors=expect_errors, **common)]


class Tokens:
    """Signs in once a person: there is a limit on that too."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.by_name: dict[str, str] = {}

    async def client(self, server: Server, username: str) -> OutsideClient:
        client = OutsideClient(server.url, username)
        if username not in self.by_name:
            self.by_name[username] = (await OutsideClient(self.url, username).sign_in()).token
        client.token = self.by_name[username]
        return client

    async def connect(self, servers: Iterator[Server], names: list[str]) -> list[OutsideClient]:
        """A socket for each, as far as the servers let them in."""
        let_in = []
        for name in names:
            client = await self.client(next(servers), name)
            try:
                let_in.append(await client.connect())
            except (ClosedError, ConnectionClosed, InvalidStatus) as refused:
                assert getattr(refused, "code", 4429) == 4429
        return let_in


async def pings(clients: list[OutsideClient], each: int) -> int:
    """How many of so many pings over each of the sockets are answered, not refused."""
    answers = await asyncio.gather(
        *(client.command("ping") for _ in range(each) for client in clients),
        return_exceptions=True,
    )
    for answer in answers:
        assert not isinstance(answer, Exception) or isinstance(answer, CommandError), answer
        assert not isinstance(answer, CommandError) or answer.code == "rate_limited"
    return sum(not isinstance(answer, Exception) for answer in answers)


async def close(clients: list[OutsideClient]) -> None:
    for client in clients:
        await client.disconnect()


async def test_a_person_has_one_rate_over_sockets_on_both_and_http(redis: Redis, serve: Serve):
    servers = two(serve, redis, RATE_BURST="100", RATE_PER_SECOND="1")
    tokens = Tokens(servers[0].url)
    sockets = await tokens.connect(itertools.cycle(servers), ["crowd0"] * 4)
    started = time.monotonic()
    done = await pings(sockets, 60)
    allowed = 100 + 20 + (time.monotonic() - started) + 1  # what two leases may leave unused
    assert 80 <= done <= allowed, done
    for socket in sockets[:2]:
        async with socket.http() as http:
            answers = [(await http.get("/api/v1/rooms")).status_code for _ in range(30)]
        assert answers.count(429) > 15, answers
    other = await tokens.connect(itertools.cycle(servers), ["crowd1"])
    assert await pings(other, 50) == 50
    await close(sockets + other)


async def test_a_person_and_an_address_have_so_many_sockets_on_both(redis: Redis, serve: Serve):
    servers = two(serve, redis, SOCKETS_PER_PERSON="5", SOCKETS_PER_ADDRESS="8")
    tokens, either = Tokens(servers[0].url), itertools.cycle(servers)
    mine = await tokens.connect(either, ["crowd0"] * 8)
    assert len(mine) == 5
    others = await tokens.connect(either, [f"crowd{n}" for n in range(1, 6)])
    assert len(others) == 3
    await mine[0].disconnect()
    await asyncio.sleep(0.5)
    again = await tokens.connect(either, ["crowd0"] * 2)
    assert len(again) == 1
    await close(mine[1:] + others + again)


async def test_all_who_come_at_once_are_counted(redis: Redis, serve: Serve):
    servers = two(serve, redis, SOCKETS_PER_PERSON="5")
    tokens = Tokens(servers[0].url)
    await tokens.client(servers[0], "crowd0")
    came = await asyncio.gather(
        *(tokens.connect(iter([servers[n % 2]]), ["crowd0"]) for n in range(20))
    )
    let_in = [client for one in came for client in one]
    assert len(let_in) == 5
    await close(let_in)


async def test_the_sockets_of_a_killed_process_are_forgotten(redis: Redis, serve: Serve):
    servers = two(serve, redis, SOCKETS_PER_PERSON="4")
    tokens = Tokens(servers[0].url)
    lost = await tokens.connect(itertools.repeat(servers[1]), ["crowd0"] * 4)
    assert len(lost) == 4
    assert not await tokens.connect(itertools.repeat(servers[0]), ["crowd0"])
    servers[1].kill()
    await asyncio.sleep(LIFETIME + 1)
    back = await tokens.connect(itertools.repeat(servers[0]), ["crowd0"] * 5)
    assert len(back) == 4
    await close(back)


async def test_without_redis_everyone_is_let_in_and_each_process_limits_alone(
    redis: Redis, serve: Serve
):
    limits = {"SOCKETS_PER_PERSON": "3", "RATE_BURST": "60", "RATE_PER_SECOND": "1"}
    servers = two(serve, redis, expect_errors=True, **limits)
    tokens, either = Tokens(servers[0].url), itertools.cycle(servers)
    before = await tokens.connect(either, ["crowd0"] * 2)
    redis.kill()
    # Signing in, tickets, sockets and messages all go on.
    new = await Tokens(servers[1].url).connect(either, ["crowd1"] * 2)
    assert len(new) == 2
    room = (await new[0].command("room.open", kind="direct", members=["crowd0"]))["room"]["id"]
    sent = await new[0].send(room, "without Redis")
    await before[0].until(lambda: room in before[0].held, 10)
    assert sent["number"] == 1
    for server in servers:
        more = await tokens.connect(itertools.repeat(server), ["crowd0"] * 4)
        assert len(more) == 2
        assert 40 <= await pings(more, 60) <= 75
        await close(more)
    redis.start()
    await asyncio.sleep(6)
    again = await tokens.connect(either, ["crowd0"] * 4)
    assert len(again) == 1
    await close(before + new + again)


async def test_a_ticket_opens_one_socket_on_one_of_two_processes(redis: Redis, serve: Serve):
    servers = two(serve, redis)
    tokens = Tokens(servers[0].url)
    ticket = await (await tokens.client(servers[0], "crowd0")).ticket()
    clients = [await tokens.client(servers[n % 2], "crowd0") for n in range(12)]
    came = await asyncio.gather(
        *(client.connect(ticket=ticket) for client in clients), return_exceptions=True
    )
    assert sum(not isinstance(one, BaseException) for one in came) == 1
    assert all(one.code == 4401 for one in came if isinstance(one, ClosedError))
    await close(clients)


async def test_wrong_passwords_are_counted_on_both(redis: Redis, serve: Serve):
    servers = two(serve, redis)
    codes = []
    for number in range(8):
        async with httpx.AsyncClient(base_url=servers[number % 2].url) as http:
            answer = await http.post(
                "/_allauth/app/v1/auth/login",
                json={"username": "crowd0", "password": "wrong"},
                headers={"Host": f"127.0.0.1:{number + 1}"},  # which everyone can make up
            )
        assert answer.status_code == 400
        codes.append(answer.json()["errors"][0]["code"])
    assert codes == ["username_password_mismatch"] * 5 + ["too_many_login_attempts"] * 3


async def test_files_uploaded_at_once_on_both_stay_within_the_quota(redis: Redis, serve: Serve):
    servers = two(serve, redis, UPLOAD_QUOTA_MB="5", UPLOADS_AT_ONCE="20")
    tokens = Tokens(servers[0].url)
    clients = [await tokens.client(servers[n % 2], "crowd0") for n in range(20)]
    answers = await asyncio.gather(
        *(client.upload(f"{n}.bin", b"x" * 2**20, "") for n, client in enumerate(clients)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, CommandError)]
    stored = [answer for answer in answers if isinstance(answer, dict)]
    assert len(refused) + len(stored) == 20, answers
    assert {answer.code for answer in refused} == {"quota_exceeded"}
    assert len(stored) <= 5
    # What was refused is not kept, in the database or on the disk.
    kept = [path for path in servers[0].data_dir.glob("media/attachments/*/*") if path.is_file()]
    assert len(kept) == len(stored)
    for n in range(5 - len(stored)):
        await clients[n].upload("again.bin", b"x" * 2**20, "")
    with pytest.raises(CommandError, match="quota_exceeded"):
        await clients[0].upload("too many.bin", b"x" * 2**20, "")


async def test_files_of_all_uploaded_at_once_on_both_stay_within_the_total(
    redis: Redis, serve: Serve
):
    servers = two(serve, redis, STORAGE_TOTAL_MB="5", FREE_DISK_MB="0")
    clients = [OutsideClient(servers[n % 2].url, f"crowd{n}") for n in range(20)]
    await asyncio.gather(*(client.sign_in() for client in clients))
    answers = await asyncio.gather(
        *(client.upload("a.bin", b"x" * 2**20, "") for client in clients), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, CommandError)]
    assert {answer.code for answer in refused} == {"quota_exceeded"}
    assert len(refused) >= 15
    # What was refused is given back, in the database and on the disk.
    kept = [file for file in (servers[0].data_dir / "media").rglob("*") if file.is_file()]
    assert len(kept) == 20 - len(refused)
    for client in clients[: 5 - len(kept)]:
        await client.upload("again.bin", b"x" * 2**20, "")
    with pytest.raises(CommandError, match="quota_exceeded"):
        await clients[0].upload("more.bin", b"x" * 2**20, "")


async def test_a_server_that_stops_says_that_its_people_are_gone(
    redis: Redis, serve: Serve, seeded
):
    """At once: the others would forget them by themselves after ten heartbeats only."""
    common: dict[str, Any] = {"REDIS_URL": redis.url, "HEARTBEAT": "10"}
    first = serve(**common)
    second = serve(data_of=first, **common)
    async with OutsideClient(first.url, "owner") as here:
        there = await (await OutsideClient(second.url, "member").sign_in()).connect()
        for client in (here, there):
            await client.send(seeded.rooms["private"], "hello")
        states = lambda: [each["state"] for each in here.of_type("presence")]  # noqa: E731
        await here.until(lambda: states()[-1:] == ["online"])
        await asyncio.to_thread(second.stop)
        await here.until(lambda: states()[-1:] == ["offline"], 10)


async def test_presence_holds_across_both_and_a_killed_one_is_forgotten(
    redis: Redis, serve: Serve, seeded
):
    common: dict[str, Any] = {"REDIS_URL": redis.url, "HEARTBEAT": "1"}
    first = serve(**common)
    second = serve(data_of=first, **common)

    def heard(client: OutsideClient, name: str) -> list[str]:
        """The states that it was told of this person since it was last asked, each once."""
        told = [each["state"] for each in client.of_type("presence") if each["user"] == name]
        client.events.clear()
        return [state for state, _ in itertools.groupby(told)]

    async with OutsideClient(first.url, "owner") as here:
        there = await (await OutsideClient(second.url, "member").sign_in()).connect()
        # Those see each other who have both written in a room.
        for client in (here, there):
            await client.send(seeded.rooms["private"], "hello")
        # Its process has just begun to listen, and need not wait until the others say all again.
        await there.until(lambda: heard(there, "owner") == ["online"], AT_ONCE)
        await here.until(lambda: heard(here, "member") == ["online"])
        await there.disconnect()
        await here.until(lambda: heard(here, "member") == ["offline"])
        there = await there.connect()
        assert "owner" in there.ready["online"]
        await here.until(lambda: heard(here, "member") == ["online"])
        # One who is on both is still there when one of the two has gone.
        also_here = await (await OutsideClient(first.url, "member").sign_in()).connect()
        await asyncio.sleep(1.5)  # in which each process hears of the other's
        heard(here, "member")
        await there.disconnect()
        await asyncio.sleep(1.5)
        there = await there.connect()
        await asyncio.sleep(1.5)
        await also_here.disconnect()
        await asyncio.sleep(1.5)
        assert "offline" not in heard(here, "member")
        second.kill()
        await here.until(lambda: heard(here, "member") == ["offline"], 20)
