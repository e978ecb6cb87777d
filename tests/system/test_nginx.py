"""deploy/nginx.conf as it is, before two servers: files of every size, addresses, sockets."""

import asyncio
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.conftest import Serve
from tests.live import Redis
from tests.outside import PASSWORD, ClosedError, OutsideClient

pytestmark = pytest.mark.timeout(240)
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
