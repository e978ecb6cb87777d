"""deploy/nginx.conf as it is, before two servers: files of every size, addresses, sockets."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.conftest import Serve
from tests.support.live import Redis, free_port
from tests.support.outside import PASSWORD, ClosedError, OutsideClient

pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]
MIB = 1024 * 1024


async def test_files_and_sockets_pass_and_what_is_refused_is_refused_by_the_servers(
    redis: Redis, serve: Serve, nginx
):
    settings: dict[str, Any] = {
        "REDIS_URL": redis.url,
        "TRUSTED_PROXY_COUNT": "1",
        "HEARTBEAT": "2",
    }
    first = serve(**settings)
    address = nginx(first, serve(data_of=first, **settings))
    async with OutsideClient(address, "crowd0") as anna, anna.http() as http:
        room = (await anna.command("room.open", kind="private", name="Files"))["room"]["id"]
        # As large as MAX_UPLOAD_MB is by itself, to the byte.
        largest = await anna.upload("largest.bin", b"x" * (100 * MIB), "application/octet-stream")
        sent = await anna.send(room, "large", attachments=[largest["id"]])
        saved = await anna.download(sent["attachments"][0]["url"])
        assert len(saved.content) == 100 * MIB

        too_large = await http.post(
            "/api/v1/attachments", files={"file": ("x.bin", b"x" * (101 * MIB))}
        )
        assert too_large.status_code == 413
        assert too_large.json()["code"] == "too_large"

        # Figures are for whoever asks the servers themselves.
        assert (await http.get("/metrics")).status_code == 404
        assert (await anna.send(room, "x" * 20_000))["number"] == 2


async def test_nobody_makes_up_an_address_behind_the_proxy(redis: Redis, serve: Serve, nginx):
    settings: dict[str, Any] = {
        "REDIS_URL": redis.url,
        "TRUSTED_PROXY_COUNT": "1",
        "SOCKETS_PER_ADDRESS": "4",
    }
    first = serve(**settings)
    address = nginx(first, serve(data_of=first, **settings))
    clients = []
    with pytest.raises(ClosedError) as refused:
        for number in range(6):
            client = OutsideClient(address, f"crowd{number}")
            await client.sign_in()
            client.headers = {"X-Forwarded-For": f"192.0.2.{number}"}
            await client.connect()
            clients.append(client)
    assert refused.value.code == 4429
    assert len(clients) == 4
    for client in clients:
        await client.disconnect()


async def test_a_proxy_that_leaves_the_port_out_lets_people_sign_in(serve: Serve, nginx):
    """``Host $host``, as many have it, on another port than 80."""
    server = serve(TRUSTED_PROXY_COUNT="1")
    address = nginx(server, server, host="$host")
    async with httpx.AsyncClient(base_url=address, headers={"Origin": address}) as browser:
        await browser.get("/accounts/login/")
        form = {
            "login": "crowd0",
            "password": PASSWORD,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }
        answer = await browser.post("/accounts/login/", data=form)
        assert (answer.status_code, answer.headers["location"]) == (302, "/")
        room = {"kind": "private", "name": "By cookie"}
        headers = {"X-CSRFToken": browser.cookies["csrftoken"]}
        opened = await browser.post("/api/v1/rooms", json=room, headers=headers)
        assert opened.status_code == 201, opened.text
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with connect(
        address.replace("http", "ws") + "/ws/",
        origin=Origin(address),
        additional_headers={"Cookie": cookies},
    ) as socket:
        assert '"type":"ready"' in str(await asyncio.wait_for(socket.recv(), 5))


@dataclass
class Upstream:
    """Where a server would be."""

    port: int


@contextlib.asynccontextmanager
async def upstreams(count: int) -> AsyncIterator[list[Upstream]]:
    """Servers that say 200, but nothing at /ws/late and close at /ws/cut."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split()[1]
                if path == b"/ws/late":
                    await reader.read()
                if path.startswith(b"/ws/"):
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async with contextlib.AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            server = await asyncio.start_server(answer, "127.0.0.1", 0)
            stack.callback(server.close)
            found.append(Upstream(server.sockets[0].getsockname()[1]))
        yield found


async def _slowest_probe(address: str, count: int) -> float:
    """Seconds; each has to be answered."""
    slowest = 0.0
    async with httpx.AsyncClient(base_url=address) as http:
        for _ in range(count):
            began = time.monotonic()
            assert (await http.get("/healthz")).status_code == 200
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.05)
    return slowest


@pytest.mark.parametrize("path", ["/ws/late", "/ws/cut"])
async def test_nobody_takes_the_servers_from_the_others(nginx: Callable[..., str], path: str):
    """By asking for what a server does not answer, or closes without an answer."""
    async with upstreams(2) as servers:
        address = await asyncio.to_thread(nginx, *servers, read_timeout="1s")

        async def attack() -> None:
            async with httpx.AsyncClient(base_url=address, timeout=10) as http:
                assert (await http.get(path)).status_code in (502, 504)

        attacks = []
        for _ in range(20):
            attacks.append(asyncio.create_task(attack()))
            await _slowest_probe(address, 4)
        await asyncio.gather(*attacks)


async def test_an_answer_that_is_late_is_not_asked_for_again(nginx: Callable[..., str]):
    async with upstreams(2) as servers:
        address = await asyncio.to_thread(nginx, *servers, read_timeout="6s")
        async with httpx.AsyncClient(base_url=address, timeout=20) as http:
            began = time.monotonic()
            assert (await http.get("/ws/late")).status_code == 504
            assert time.monotonic() - began < 9


@pytest.mark.parametrize("how", ["refuses", "is silent"])
async def test_a_server_that_is_gone_is_passed_over(nginx: Callable[..., str], how: str):
    with contextlib.ExitStack() as stack:
        gone = Upstream(free_port())
        if how == "is silent":
            # A host without power: nobody takes what comes after the first ones.
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            gone = Upstream(listener.getsockname()[1])
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", gone.port))
        async with upstreams(1) as (there,):
            address = await asyncio.to_thread(nginx, gone, there)
            assert await _slowest_probe(address, 20) < 1.5
