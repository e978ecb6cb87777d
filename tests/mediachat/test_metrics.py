import asyncio
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from mediachat.metrics import EVENTS_KEPT, CountProblems
from tests.components import component
from tests.conftest import Serve
from tests.live import free_port
from tests.outside import OutsideClient

DIRECT: dict[str, Any] = {
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "127.0.0.1:8000",
    "SERVER_PORT": "8000",
}


def test_programs_on_this_machine_may_read(client: Client) -> None:
    answer = client.get("/metrics", **DIRECT)
    assert answer.status_code == 200
    assert b"mediachat_commit_seconds" in answer.content


@pytest.mark.parametrize(
    "request_of",
    [
        DIRECT | {"REMOTE_ADDR": "192.0.2.1"},
        # By a proxy on the same machine, which says so, or keeps the Host that it was called by.
        DIRECT | {"HTTP_X_FORWARDED_FOR": "192.0.2.1"},
        DIRECT | {"HTTP_X_REAL_IP": "192.0.2.1"},
        DIRECT | {"HTTP_VIA": "1.1 proxy"},
        DIRECT | {"HTTP_HOST": "chat.example.org"},
        DIRECT | {"HTTP_HOST": "127.0.0.1"},
        DIRECT | {"HTTP_HOST": "localhost:80"},
        {"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": "Bearer wrong"},
        {"REMOTE_ADDR": ""},
    ],
)
def test_nobody_else_learns_that_there_is_anything(client: Client, request_of, settings) -> None:
    settings.METRICS_TOKEN = "the right token"
    assert client.get("/metrics", **request_of).status_code == 404


@pytest.mark.parametrize(("name", "value"), [("TRUSTED_PROXY_COUNT", 1), ("HTTPS", True)])
def test_where_a_proxy_is_known_nothing_counts_as_direct(
    client: Client, settings, name: str, value: int
) -> None:
    setattr(settings, name, value)
    assert client.get("/metrics", **DIRECT).status_code == 404


async def test_a_proxy_on_this_machine_opens_nothing(serve: Serve, tmp_path: Path) -> None:
    """nginx with no more than ``proxy_pass``, and one that keeps the Host."""
    server = await asyncio.to_thread(serve)
    for more in ("", "proxy_http_version 1.1; proxy_set_header Host $http_host;"):
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
        finally:
            process.terminate()
            await process.wait()
    assert await _status(f"{server.url}/metrics") == 200


async def _status(url: str) -> int | None:
    async with httpx.AsyncClient() as http:
        try:
            return (await http.get(url)).status_code
        except httpx.ConnectError:
            return None


def test_the_token_opens_it_from_elsewhere(client: Client, settings) -> None:
    settings.METRICS_TOKEN = "the right token"
    headers = {"authorization": "Bearer the right token"}
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1", headers=headers).status_code == 200


def test_no_token_is_no_way_in(client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    headers = {"authorization": "Bearer "}
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1", headers=headers).status_code == 404


def test_problems_are_counted_by_name_and_names_are_bounded() -> None:
    handler = CountProblems()
    for number in range(EVENTS_KEPT + 50):
        handler.handle(
            logging.LogRecord("x", logging.WARNING, "", 0, {"event": f"test_{number}"}, None, None)
        )
    assert len(handler._known) <= EVENTS_KEPT + 1


async def test_a_server_counts_its_sockets_and_messages(serve: Serve, seeded) -> None:
    server = await asyncio.to_thread(serve)
    async with OutsideClient(server.url, "owner") as owner:
        await owner.send(seeded.rooms["private"], "hello")
        answer = (await asyncio.to_thread(httpx.get, f"{server.url}/metrics")).text
    assert "mediachat_sockets 1.0" in answer
    assert "mediachat_committed_messages_total 1.0" in answer
    assert "mediachat_commit_seconds_count 1.0" in answer
