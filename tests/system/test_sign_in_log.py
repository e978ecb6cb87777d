"""Every sign-in is a line of the log with name and address."""

import json
from typing import Any

import httpx
import pytest

from tests.conftest import PASSWORD, Serve
from tests.support.live import Server
from tests.support.outside import OutsideClient

pytestmark = pytest.mark.once

SECRET = "my pass phrase, in the wrong field"


def lines(server: Server, *events: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] in events]


async def test_who_signs_in_is_logged_with_name_address_and_way(serve: Serve) -> None:
    server = serve(RATE_LIMITS="off", TRUSTED_PROXY_COUNT="1")
    await OutsideClient(server.url, "member").sign_in_by_password()
    await OutsideClient(server.url, "administrator").sign_in_by_form()
    async with httpx.AsyncClient(base_url=server.url) as http:
        for name in ("member", "nobody", SECRET):
            await http.post(
                "/_allauth/app/v1/auth/login",
                json={"username": name, "password": f"not {PASSWORD}"},
                headers={"X-Forwarded-For": "203.0.113.7"},
            )
    log = lines(server, "sign_in", "sign_in_failed")
    assert [(line["event"], line["username"], line["way"]) for line in log] == [
        ("sign_in", "member", "a program"),
        ("sign_in", "administrator", "a browser"),
        ("sign_in_failed", "member", "a program"),
        ("sign_in_failed", "nobody", "a program"),
        ("sign_in_failed", "(no username)", "a program"),
    ]
    assert {line["address"] for line in log[2:]} == {"203.0.113.7"}
    for secret in (PASSWORD, SECRET):
        assert secret not in server.log
    exported = [json.loads(line) for line in server.manage("export_audit").splitlines()]
    assert [(entry["actor"], entry["action"]) for entry in exported] == [
        ("administrator", "sign_in")
    ]
