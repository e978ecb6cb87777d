"""The HTTP API, asked by a machine that read its description: no answer is a failure of ours."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

# It imports this only when first used, and Python 3.11 cannot compile a module any more once
# another test has come near the limit of recursion ("AST constructor recursion depth mismatch").
from schemathesis.specs.openapi import schemas  # noqa: F401

from tests.conftest import PASSWORD
from tests.support.live import Server

pytestmark = pytest.mark.once

EXAMPLES = 25


def session_token(server: Server) -> str:
    answer = httpx.post(
        f"{server.url}/_allauth/app/v1/auth/login",
        json={"username": "crowd36", "password": PASSWORD},
    )
    return str(answer.json()["meta"]["session_token"])


@pytest.mark.timeout(180)
def test_no_request_that_the_description_allows_fails_the_server(server: Server):
    schema = schemathesis.openapi.from_url(f"{server.url}/api/v1/openapi.json")
    headers = {"X-Session-Token": session_token(server)}
    operations = list(schema.get_all_operations())
    assert len(operations) >= 6
    for found in operations:
        operation = found.ok()  # type: ignore[union-attr]  # raises what is wrong with it

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=[not_a_server_error])

        ask()


def test_the_description_names_every_door_of_the_protocol(server: Server):
    paths = httpx.get(f"{server.url}/api/v1/openapi.json").json()["paths"]
    for path, method in (
        ("/api/v1/tickets", "post"),
        ("/api/v1/rooms", "get"),
        ("/api/v1/rooms", "post"),
        ("/api/v1/rooms/{room}/messages", "get"),
        ("/api/v1/rooms/{room}/messages", "post"),
        ("/api/v1/attachments", "post"),
    ):
        known = {
            name.replace("room_id", "room").replace("{id}", "{room}"): each
            for name, each in paths.items()
        }
        assert method in known[path], path
    assert httpx.get(f"{server.url}/api/v1/docs").status_code == 200


def test_what_is_no_request_at_all_is_answered_in_the_same_form(server: Server):
    headers = {"X-Session-Token": session_token(server)}
    with httpx.Client(base_url=server.url, headers=headers) as http:
        for method, url, content in (
            ("POST", "/api/v1/rooms", b"{"),
            ("POST", "/api/v1/rooms", b"\xff\xfe"),
            ("POST", "/api/v1/rooms", b"[]"),
            ("POST", "/api/v1/rooms", b"[" * 100_000),
            ("POST", "/api/v1/rooms/not-a-uuid/messages", b"{}"),
            ("GET", "/api/v1/rooms/not-a-uuid/messages", b""),
            ("GET", "/api/v1/nothing", b""),
            ("POST", "/api/v1/attachments", b"no multipart"),
        ):
            answer = http.request(
                method, url, content=content, headers={"Content-Type": "application/json"}
            )
            assert 400 <= answer.status_code < 500, (url, answer.status_code)
            assert set(answer.json()) == {"code", "detail"}, (url, answer.text)
