import asyncio
import logging

import httpx
import pytest
from django.test import Client

from mediachat.metrics import EVENTS_KEPT, CountProblems
from tests.conftest import Serve
from tests.outside import OutsideClient


def test_programs_on_this_machine_may_read(client: Client) -> None:
    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == 200
    assert b"mediachat_commit_seconds" in answer.content


@pytest.mark.parametrize(
    "request_of",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"},
        {"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": "Bearer wrong"},
        {"REMOTE_ADDR": ""},
    ],
)
def test_nobody_else_learns_that_there_is_anything(client: Client, request_of, settings) -> None:
    settings.METRICS_TOKEN = "the right token"
    assert client.get("/metrics", **request_of).status_code == 404


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
