import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from mediachat.monitoring.metrics import EVENTS_KEPT, CountProblems
from tests.conftest import Serve
from tests.support.components import component
from tests.support.live import free_port
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

TOKEN = "the right token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ON_THIS_MACHINE: dict[str, Any] = {
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "127.0.0.1:8000",
    "SERVER_PORT": "8000",
}


@pytest.mark.parametrize("token", ["", TOKEN])
@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", "Bearer wrong", TOKEN, "Basic " + TOKEN, "Bearer \xe9"]
)
def test_without_the_token_it_is_as_what_does_not_exist(
    client: Client, settings, token: str, given: str | None
) -> None:
    """On the server's own machine too, where a proxy cannot be told from a program."""
    settings.METRICS_TOKEN = token
    asked = ON_THIS_MACHINE if given is None else ON_THIS_MACHINE | {"HTTP_AUTHORIZATION": given}
    answer = client.get("/metrics", **asked)
    nowhere = client.get("/no-such-address", **asked)
    assert answer.status_code == nowhere.status_code == 404
    assert answer.headers.items() == nowhere.headers.items()
    assert b"mediachat_" not in answer.content


@pytest.mark.parametrize("address", ["192.0.2.1", "127.0.0.1", ""])
def test_the_token_opens_it_from_everywhere(client: Client, settings, address: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", REMOTE_ADDR=address, headers=BEARER)
    assert answer.status_code == 200
    assert b"mediachat_commit_seconds" in answer.content


PROXIES = {
    "says nothing": ("", ""),
    "keeps the host": ("proxy_http_version 1.1; proxy_set_header Host $http_host;", ""),
    "has its own host": ("proxy_http_version 1.1;", "https://chat.example.org"),
}
"""What it is told, and CSRF_TRUSTED_ORIGINS."""


@pytest.mark.parametrize("kind", PROXIES)
async def test_a_proxy_on_this_machine_opens_nothing(
    serve: Serve, tmp_path: Path, kind: str
) -> None:
    """A browser that calls the proxy by its address, or by one that means the server itself."""
    more, origins = PROXIES[kind]
    server = await asyncio.to_thread(
        lambda: serve(METRICS_TOKEN=TOKEN, CSRF_TRUSTED_ORIGINS=origins)
    )
    port = free_port()
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; server {{"
        f" listen 127.0.0.1:{port}; location / {{ proxy_pass {server.url}; {more} }} }} }}"
    )
    command = [component("nginx"), "-p", str(tmp_path), "-c", str(configuration)]
    process = await asyncio.create_subprocess_exec(*command, "-g", "daemon off;")
    try:
        for _ in range(400):
            status = await _status(f"http://127.0.0.1:{port}/metrics")
            if status is not None:
                break
            await asyncio.sleep(0.05)
        assert status == 404
        for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}"):
            assert await _status(f"http://127.0.0.1:{port}/metrics", Host=host) == 404
        assert await _status(f"http://127.0.0.1:{port}/metrics", **BEARER) == 200
    finally:
        process.terminate()
        await process.wait()
    assert await _status(f"{server.url}/metrics") == 404
    assert await _status(f"{server.url}/metrics", **BEARER) == 200


async def _status(url: str, **headers: str) -> int | None:
    async with httpx.AsyncClient() as http:
        try:
            return (await http.get(url, headers=headers)).status_code
        except httpx.ConnectError:
            return None


def test_problems_are_counted_by_name_and_names_are_bounded() -> None:
    handler = CountProblems()
    for number in range(EVENTS_KEPT + 50):
        handler.handle(
            logging.LogRecord("x", logging.WARNING, "", 0, {"event": f"test_{number}"}, None, None)
        )
    assert len(handler._known) <= EVENTS_KEPT + 1


async def test_a_server_counts_its_sockets_and_messages(serve: Serve, seeded) -> None:
    server = await asyncio.to_thread(serve, METRICS_TOKEN=TOKEN)
    async with OutsideClient(server.url, "owner") as owner:
        await owner.send(seeded.rooms["private"], "hello")
        figures = partial(httpx.get, f"{server.url}/metrics", headers=BEARER)
        answer = (await asyncio.to_thread(figures)).text
    assert "mediachat_sockets 1.0" in answer
    assert "mediachat_committed_messages_total 1.0" in answer
    assert "mediachat_commit_seconds_count 1.0" in answer
