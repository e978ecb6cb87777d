"""A text with NUL or half a character is an error of the one who sent it, at every door, whatever
the database; it ends no connection, and is nobody's exception."""

import asyncio
import json
import uuid
from typing import Any

import httpx
import pytest

from chat import protocol
from chat.api import routes
from tests.support import odd_text
from tests.support.live import Server
from tests.support.outside import PASSWORD, OutsideClient

ODD = {"nul": odd_text.NUL, "half": odd_text.HALF}
pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_in_every_field_of_every_command(server: Server, odd: str) -> None:
    async with OutsideClient(server.url, "owner") as owner:
        answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        receive = owner._receive

        def receive_odd(frame: dict[str, Any]) -> None:
            if frame["type"] in ("error", "reply") and frame["ref"] not in owner._answers:
                answers.put_nowait(frame)
            else:
                receive(frame)

        owner._receive = receive_odd  # type: ignore[method-assign]
        for command in protocol.COMMANDS:
            for path, fields in odd_text.with_odd_text(odd_text.example(command), odd):
                await owner.raw(json.dumps(fields))
                async with asyncio.timeout(10):
                    answer = await answers.get()
                assert (answer["type"], answer.get("code")) == ("error", "bad_request"), path
        await owner.command("ping")


def problems(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 400, (answer.request.url, answer.status_code, answer.text[:300])
    return dict(answer.json())


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_in_every_field_of_every_body_of_the_api(server: Server, odd: str) -> None:
    owner = await OutsideClient(server.url, "owner").sign_in()
    bodies: dict[str, Any] = {
        "/api/v1/rooms": routes.NewRoom,
        f"/api/v1/rooms/{uuid.uuid4()}/messages": routes.NewMessage,
    }
    async with owner.http() as http:
        for address, model in bodies.items():
            for _, body in odd_text.with_odd_text(odd_text.example(model), odd):
                answer = await http.post(
                    address,
                    content=json.dumps(body),
                    headers={"Content-Type": "application/json"},
                )
                assert problems(answer)["code"] == "bad_request"


async def test_in_addresses_and_queries(server: Server) -> None:
    owner = await OutsideClient(server.url, "owner").sign_in()
    id = uuid.uuid4()
    async with owner.http() as http:
        for address in (
            "/api/v1/rooms/a%00b/messages",
            f"/api/v1/rooms/{id}%00/messages",
            f"/api/v1/rooms/{id}/messages?before=%00",
            f"/api/v1/rooms/{id}/messages?%00=1",
            f"/api/v1/attachments/{id}%00",
        ):
            assert problems(await http.get(address))["code"] == "bad_request"
        for address in (
            f"/media/{id}/a%00b",
            f"/media/{id}/a?key=%00",
            "/media/avatars/a%00b.webp",
            "/accounts/first-administrator/a%00b/",
            "/accounts/editor/a%00b/",
            "/accounts/login/?next=%00",
            "/accounts/password/reset/key/a%00b/",
            "/admin/chat/room/?q=a%00b",
            "/admin/accounts/user/?username__startswith=%00",
            "/%00",
        ):
            assert (await http.get(address)).status_code == 400, address


@pytest.mark.once
async def test_in_cookies(server: Server) -> None:
    quoted = '"a\\000b"'
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        for name in ("sessionid", "csrftoken", "messages", "anything"):
            for address in ("/", "/accounts/login/", "/admin/", "/api/v1/rooms"):
                answer = await http.get(address, headers={"Cookie": f"{name}={quoted}"})
                assert answer.status_code == 400, (name, address, answer.status_code)


async def test_in_forms(server: Server) -> None:
    """They say what is wrong, and are shown again."""
    forms = {
        "/accounts/login/": ("login", "password"),
        "/accounts/signup/": ("username", "password1", "password2"),
    }
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        for address, fields in forms.items():
            assert (await http.get(address)).status_code == 200
            for odd in fields:
                values = dict.fromkeys(fields, "someone-new-7") | {odd: odd_text.NUL}
                answer = await http.post(
                    address,
                    data=values | {"csrfmiddlewaretoken": http.cookies["csrftoken"]},
                    headers={"Referer": f"{server.url}{address}"},
                )
                assert answer.status_code == 200 and "Null characters" in answer.text, odd


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_in_what_programs_send_to_sign_in(server: Server, odd: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        for address in ("auth/login", "auth/signup", "auth/editor", "auth/editor/session"):
            for field in ("username", "password", "code", "secret", "challenge", "link"):
                body = {"username": "owner", "password": PASSWORD} | {field: odd}
                answer = await http.post(
                    f"/_allauth/app/v1/{address}",
                    content=json.dumps(body),
                    headers={"Content-Type": "application/json"},
                )
                assert answer.status_code < 500, (address, field, answer.text[:300])
                if field in ("username", "password") and not address.startswith("auth/editor"):
                    assert answer.status_code == 400, (address, field, answer.text[:300])


@pytest.mark.once
@pytest.mark.parametrize("body", [b"[" * 30_000, b'{"username": ' + b"7" * 6_000 + b"}"])
async def test_json_that_no_program_reads(server: Server, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=server.url, timeout=20, headers=headers) as http:
        for address in (
            *("auth/login", "auth/signup", "auth/editor", "auth/editor/session"),
            *("auth/session", "auth/reauthenticate", "auth/2fa/authenticate"),
            *("account/password/change", "account/authenticators/totp"),
        ):
            for method in ("POST", "DELETE"):
                answer = await http.request(method, f"/_allauth/app/v1/{address}", content=body)
                assert 400 <= answer.status_code < 500, (method, address, answer.text[:300])
    assert "Traceback" not in server.log


@pytest.mark.once
async def test_a_port_that_is_no_port(server: Server) -> None:
    headers = {"Host": "localhost:" + "8" * 5_000, "Origin": "http://localhost"}
    async with httpx.AsyncClient(base_url=server.url, timeout=20, headers=headers) as http:
        for address in ("/ws/", "/api/v1/rooms", "/accounts/login/", "/_allauth/app/v1/auth/login"):
            answer = await http.post(address, content=b"{}")
            assert 400 <= answer.status_code < 500, (address, answer.status_code)


async def test_in_the_name_of_a_file(server: Server) -> None:
    owner = await OutsideClient(server.url, "owner").sign_in()
    part = (
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''a%00b.txt\r\n"
        b"Content-Type: text/plain\r\n\r\nhello\r\n--b--\r\n"
    )
    async with owner.http() as http:
        answer = await http.post(
            "/api/v1/attachments",
            content=part,
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )
    # Django leaves out of a file's name what cannot be printed.
    assert answer.status_code == 201 and answer.json()["name"] == "ab.txt"
