"""The HTTP API: what it does, for whom, and how it says no."""

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from allauth.usersessions.models import UserSession
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient
from pytest_django import Settings

from accounts.sessions.store import key_of
from accounts.sign_in import tickets
from chat.actions.attachments import MEGABYTE
from chat.api.routes import api
from chat.models import Attachment, Message
from tests.support import pictures
from tests.support.cases import first_on_all

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Room

pytestmark = pytest.mark.django_db(transaction=True)

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Program:
    """A caller with a session token, or with none."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        self.client = AsyncClient()
        self.headers = {"X-Session-Token": token} if token else {}

    async def get(self, path: str, **query: Any) -> Any:
        return await self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    async def post(self, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return await self.client.post(
            f"/api/v1/{path}", data, content_type="application/json", headers=self.headers
        )

    async def upload(self, name: str, content: bytes, field: str = "file") -> Any:
        return await self.client.post(
            "/api/v1/attachments",
            {field: SimpleUploadedFile(name, content)},
            headers=self.headers,
        )


def _program(user: "User") -> Program:
    client = AsyncClient()
    client.force_login(user, backend=BACKEND)
    return Program(client.cookies["sessionid"].value)


async def program(user: "User") -> Program:
    return await sync_to_async(_program)(user)


def assert_problem(response: Any, status: int, code: str) -> None:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    problem = response.json()
    assert problem.keys() == {"code", "detail"}
    assert problem["code"] == code and problem["detail"]


# -- Who -------------------------------------------------------------------------------------

ENDPOINTS = [
    ("get", "rooms"),
    ("post", "rooms"),
    ("post", "tickets"),
    ("post", "attachments"),
    ("get", f"attachments/{uuid.uuid4()}"),
    ("get", f"rooms/{uuid.uuid4()}/messages"),
    ("post", f"rooms/{uuid.uuid4()}/messages"),
]


@pytest.mark.parametrize(("method", "path"), first_on_all(ENDPOINTS))
async def test_no_door_opens_without_signing_in(method: str, path: str) -> None:
    for caller in (Program(), Program("made up")):
        assert_problem(await getattr(caller, method)(path), 401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), first_on_all(ENDPOINTS))
async def test_no_door_opens_for_someone_suspended(method: str, path: str, member: "User") -> None:
    caller = await program(member)
    member.is_active = False
    await member.asave()
    assert_problem(await getattr(caller, method)(path), 401, "unauthenticated")


async def test_a_browser_reads_by_cookie_and_writes_with_the_csrf_token(owner: "User") -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    await sync_to_async(browser.force_login)(owner, backend=BACKEND)
    assert (await browser.get("/api/v1/rooms")).status_code == 200
    room = {"kind": "public", "name": "Lobby"}
    json_type = "application/json"
    refused = await browser.post("/api/v1/rooms", room, content_type=json_type)
    assert_problem(refused, 403, "forbidden")
    token = "a" * 32
    browser.cookies["csrftoken"] = token
    headers = {"X-CSRFToken": token}
    opened = await browser.post("/api/v1/rooms", room, content_type=json_type, headers=headers)
    assert opened.status_code == 201
    file = {"file": SimpleUploadedFile("x.txt", b"x")}
    assert (await browser.post("/api/v1/attachments", file, headers=headers)).status_code == 201


@pytest.mark.once
async def test_the_csrf_token_counts_in_the_header_alone(owner: "User") -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    await sync_to_async(browser.force_login)(owner, backend=BACKEND)
    browser.cookies["csrftoken"] = token = "a" * 32
    # For a field of the form the whole body would have to be read first.
    form = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("x.txt", b"x")}
    assert_problem(await browser.post("/api/v1/attachments", form), 403, "forbidden")
    form["file"] = SimpleUploadedFile("x.txt", b"x")
    wrong = await browser.post("/api/v1/attachments", form, headers={"X-CSRFToken": "b" * 32})
    assert_problem(wrong, 403, "forbidden")
    form["file"] = SimpleUploadedFile("x.txt", b"x")
    right = await browser.post("/api/v1/attachments", form, headers={"X-CSRFToken": token})
    assert right.status_code == 201


@pytest.mark.once
async def test_our_own_page_may_spell_its_address_as_it_likes(owner: "User") -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    await sync_to_async(browser.force_login)(owner, backend=BACKEND)
    browser.cookies["csrftoken"] = token = "a" * 32
    room = {"kind": "private", "name": "Plans"}
    for origin, status in (("http://TestServer:80", 201), ("http://elsewhere.example", 403)):
        headers = {"X-CSRFToken": token, "Origin": origin}
        opened = await browser.post(
            "/api/v1/rooms", room, content_type="application/json", headers=headers
        )
        assert opened.status_code == status


@pytest.mark.once
async def test_a_wrong_token_is_not_made_up_for_by_a_cookie(owner: "User") -> None:
    browser = AsyncClient()
    await sync_to_async(browser.force_login)(owner, backend=BACKEND)
    response = await browser.get("/api/v1/rooms", headers={"X-Session-Token": "wrong"})
    assert_problem(response, 401, "unauthenticated")


@pytest.mark.once
async def test_whoever_asks_too_much_is_told_to_wait(
    owner: "User", member: "User", settings: Settings
) -> None:
    settings.RATE_LIMITS, settings.RATE_BURST, settings.RATE_PER_SECOND = True, 6, 0.001
    caller, other = await program(owner), await program(member)
    for _ in range(3):
        assert (await caller.get("rooms")).status_code == 200
    assert_problem(await caller.get("rooms"), 429, "rate_limited")
    assert (await other.get("rooms")).status_code == 200


# -- Tickets ---------------------------------------------------------------------------------


async def test_a_ticket_is_for_this_session(owner: "User") -> None:
    caller = await program(owner)
    await UserSession.objects.acreate(
        user=owner, session_key=key_of(caller.token), ip="127.0.0.1", user_agent=""
    )
    response = await caller.post("tickets")
    assert response.status_code == 200
    assert response.json()["expires_in"] == tickets.LIFETIME
    redeemed = await sync_to_async(tickets.redeem)(response.json()["ticket"])
    assert redeemed == key_of(caller.token)


# -- Rooms -----------------------------------------------------------------------------------


async def test_rooms_are_opened_and_listed(owner: "User", member: "User") -> None:
    caller = await program(owner)
    direct = {"kind": "direct", "members": ["member"]}
    opened, found = await caller.post("rooms", direct), await caller.post("rooms", direct)
    assert (opened.status_code, found.status_code) == (201, 200)
    assert opened.json() == found.json()
    listed = await caller.get("rooms")
    assert [room["id"] for room in listed.json()] == [opened.json()["id"]]
    assert await (await program(member)).get("rooms")


@pytest.mark.once
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "direct", "members": ["nobody"]}, 404, "not_found"),
        ({"kind": "public"}, 400, "bad_request"),
        ({"kind": "secret", "name": "x"}, 400, "bad_request"),
        ({"kind": "public", "name": "x", "colour": "red"}, 400, "bad_request"),
        ({"kind": "public", "name": "x" * 81}, 400, "bad_request"),
        ([], 400, "bad_request"),
        ("null", 400, "bad_request"),
        ("", 400, "bad_request"),
        ("{", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        ("[" * 100_000, 400, "bad_request"),
        ('{"kind": "public", "name": "\\ud800"}', 400, "bad_request"),
        ('{"kind": "public", "name": "' + "x" * 3_000_000 + '"}', 413, "too_large"),
    ],
)
async def test_a_room_that_cannot_be_opened_says_why(
    owner: "User", body: Any, status: int, code: str
) -> None:
    assert_problem(await (await program(owner)).post("rooms", body), status, code)


# -- Messages --------------------------------------------------------------------------------


async def test_a_message_is_sent_once_however_often_it_is_tried(
    owner: "User", private_room: "Room"
) -> None:
    caller = await program(owner)
    body = {"client_id": str(uuid.uuid4()), "body": "hello *you*"}
    path = f"rooms/{private_room.pk}/messages"
    first, again = await caller.post(path, body), await caller.post(path, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["position"] == 1
    assert first.json()["message"]["html"] == "<p>hello <em>you</em></p>\n"
    assert await Message.objects.acount() == 1


async def test_line_ends_become_the_one_that_is_stored(owner: "User", private_room: "Room") -> None:
    caller = await program(owner)
    body = {"client_id": str(uuid.uuid4()), "body": "a\r\nb\rc\n\r\nd"}
    path = f"rooms/{private_room.pk}/messages"
    first, again = await caller.post(path, body), await caller.post(path, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["message"]["body"] == "a\nb\nc\n\nd"
    assert await Message.objects.acount() == 1


async def test_history_is_paged(member: "User", private_room: "Room") -> None:
    caller = await program(member)
    path = f"rooms/{private_room.pk}/messages"
    for number in range(1, 6):
        await caller.post(path, {"client_id": str(uuid.uuid4()), "body": str(number)})
    newest = (await caller.get(path, limit=2)).json()
    assert [message["body"] for message in newest["messages"]] == ["4", "5"] and newest["more"]
    older = (await caller.get(path, before=4, limit=10)).json()
    assert [message["number"] for message in older["messages"]] == [1, 2, 3]
    assert not older["more"]


@pytest.mark.once
@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"before": -1}, {"before": 10**30}]
)
async def test_a_page_that_cannot_be_had_says_why(
    member: "User", private_room: "Room", query: dict[str, Any]
) -> None:
    caller = await program(member)
    response = await caller.get(f"rooms/{private_room.pk}/messages", **query)
    assert_problem(response, 400, "bad_request")


async def test_an_outsider_gets_the_answer_for_what_does_not_exist(
    outsider: "User", private_room: "Room"
) -> None:
    caller = await program(outsider)
    for path in (f"rooms/{private_room.pk}/messages", f"rooms/{uuid.uuid4()}/messages"):
        assert_problem(await caller.get(path), 404, "not_found")
        body = {"client_id": str(uuid.uuid4()), "body": "x"}
        assert_problem(await caller.post(path, body), 404, "not_found")


@pytest.mark.once
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"body": "x"}, 400, "bad_request"),
        ({"client_id": "x", "body": "x"}, 400, "bad_request"),
        ({"client_id": str(uuid.uuid4())}, 400, "bad_request"),
        ({"client_id": str(uuid.uuid4()), "body": "x" * 20_001}, 413, "too_large"),
        ({"client_id": str(uuid.uuid4()), "attachments": [str(uuid.uuid4())]}, 404, "not_found"),
        ({"client_id": str(uuid.uuid4()), "body": "x", "sender": "x"}, 400, "bad_request"),
    ],
)
async def test_a_message_that_cannot_be_sent_says_why(
    owner: "User", private_room: "Room", body: Any, status: int, code: str
) -> None:
    caller = await program(owner)
    response = await caller.post(f"rooms/{private_room.pk}/messages", body)
    assert_problem(response, status, code)


# -- Files -----------------------------------------------------------------------------------


async def test_a_file_is_uploaded_sent_and_had(owner: "User", private_room: "Room") -> None:
    caller = await program(owner)
    response = await caller.upload("x.png", pictures.picture("PNG"))
    assert response.status_code == 201
    file = response.json()
    assert file.keys() == {
        *("id", "name", "content_type", "size", "width", "height", "url", "thumbnail_url"),
        *("problem", "metadata_kept"),
    }
    assert (file["content_type"], file["width"], file["height"]) == ("image/png", 60, 40)
    body = {"client_id": str(uuid.uuid4()), "attachments": [file["id"]]}
    sent = await caller.post(f"rooms/{private_room.pk}/messages", body)
    assert sent.json()["message"]["attachments"] == [file]
    had = await caller.client.get(file["url"], headers=caller.headers)
    assert had.status_code == 200


async def test_fresh_addresses_of_a_file_work_without_a_cookie(
    owner: "User", outsider: "User"
) -> None:
    caller = await program(owner)
    file = (await caller.upload("x.png", pictures.picture("PNG"))).json()
    fresh = (await caller.get(f"attachments/{file['id']}")).json()
    for name in ("url", "thumbnail_url"):
        assert fresh[name].startswith(f"{file[name]}?key=")
        assert (await AsyncClient().get(fresh[name])).status_code == 200
    stranger = await program(outsider)
    assert_problem(await stranger.get(f"attachments/{file['id']}"), 404, "not_found")


@pytest.mark.once
@pytest.mark.parametrize(
    ("disposition", "kept"),
    [
        ('filename="a %22q%22.txt"', 'a "q".txt'),
        ('filename="two%0D%0Alines.txt"', "twolines.txt"),
        ('filename="100%25 of %41.txt"', "100%25 of %41.txt"),
        (r'filename="He said \"hi\".txt"', 'He said "hi".txt'),
        (r'filename="a\b &amp; c.txt"', r"a\b &amp; c.txt"),
        (r'filename="C:\Users\me\x.txt"', "x.txt"),
        ('filename="../../.gitignore"', ".gitignore"),
        (
            'filename="family \U0001f468\u200d\U0001f469\u200d\U0001f467.txt"',
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467.txt",
        ),
        ('filename="\u0645\u06cc\u200c\u062e\u0648.txt"', "\u0645\u06cc\u200c\u062e\u0648.txt"),
        ("filename*=UTF-8''He%20said%20%22hi%22%2C%20100%25.txt", 'He said "hi", 100%.txt'),
        ('filename=".."', "file"),
    ],
)
async def test_a_name_is_kept_as_it_was_before_it_was_written_into_a_form(
    owner: "User", disposition: str, kept: str
) -> None:
    caller = await program(owner)
    part = f'--b\r\nContent-Disposition: form-data; name="file"; {disposition}\r\n\r\nsome text'
    response = await caller.client.generic(
        "POST",
        "/api/v1/attachments",
        f"{part}\r\n--b--\r\n".encode(),
        "multipart/form-data; boundary=b",
        headers=caller.headers,
    )
    assert response.status_code == 201, response.content
    assert response.json()["name"] == kept


@pytest.mark.once
@pytest.mark.parametrize("name", ["100%22.txt", 'a\\b "c".txt', "%0D%0A", ".gitignore"])
async def test_the_field_name_says_without_doubt_what_a_file_is_called(
    owner: "User", name: str
) -> None:
    caller = await program(owner)
    data = {"name": name, "file": SimpleUploadedFile("x.txt", b"some text")}
    response = await caller.client.post("/api/v1/attachments", data, headers=caller.headers)
    assert response.json()["name"] == name


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("x.bin", b"x" * (MEGABYTE + 1), 413, "too_large"),
        ("x.bin", b"x" * 700_000, 413, "quota_exceeded"),
    ],
)
async def test_a_file_that_is_refused_says_why(
    owner: "User", settings: Settings, name: str, content: bytes, status: int, code: str
) -> None:
    settings.MAX_UPLOAD_MB = settings.UPLOAD_QUOTA_MB = 1
    caller = await program(owner)
    assert (await caller.upload("first.bin", b"x" * 600_000)).status_code == 201
    assert_problem(await caller.upload(name, content), status, code)
    assert await Attachment.objects.acount() == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=file"),
        ("multipart/form-data; boundary=b", b"--b--"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=file; filename=x\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n",
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\n" * 2_000 + b"--b--"),
        ("application/json", b'{"file": "x"}'),
        ("text/plain", b"x"),
        ("", b"x"),
    ],
)
async def test_an_upload_that_is_no_upload_says_so(
    owner: "User", content_type: str, body: bytes
) -> None:
    caller = await program(owner)
    response = await caller.client.generic(
        "POST", "/api/v1/attachments", body, content_type, headers=caller.headers
    )
    assert_problem(response, 400, "bad_request")


# -- Errors and description ------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    "path", ["", "nope", "rooms/", "rooms/x/messages", f"rooms/{uuid.uuid4()}", "attachments/x"]
)
async def test_an_unknown_address_answers_like_every_error(path: str, owner: "User") -> None:
    for caller in (Program(), await program(owner)):
        assert_problem(await caller.get(path), 404, "not_found")
        assert_problem(await caller.post(path), 404, "not_found")
    assert_problem(await AsyncClient().get("/api/"), 404, "not_found")
    assert_problem(await AsyncClient().get("/api/v2/rooms"), 404, "not_found")


@pytest.mark.once
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
async def test_a_wrong_method_answers_like_every_error(method: str, owner: "User") -> None:
    caller = await program(owner)
    response = await getattr(caller.client, method)("/api/v1/rooms", headers=caller.headers)
    assert_problem(response, 405, "bad_request")
    assert set(response["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.once
async def test_a_fault_of_ours_tells_nothing_of_the_inside(
    owner: "User", monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = await program(owner)
    monkeypatch.setattr("chat.queries.room_views.rooms_of", lambda user: 1 / 0)
    response = await caller.get("rooms")
    assert_problem(response, 500, "server_error")
    assert b"division" not in response.content


@pytest.mark.once
async def test_the_description_names_every_door(owner: "User") -> None:
    described = (await AsyncClient().get("/api/v1/openapi.json")).json()
    assert {
        (path.removeprefix("/api/v1"), method)
        for path, methods in described["paths"].items()
        for method in methods
    } == {
        ("/tickets", "post"),
        ("/rooms", "get"),
        ("/rooms", "post"),
        ("/rooms/{room_id}/messages", "get"),
        ("/rooms/{room_id}/messages", "post"),
        ("/attachments", "post"),
        ("/attachments/{attachment_id}", "get"),
    }
    assert api.title == described["info"]["title"]


@pytest.mark.once
async def test_the_documentation_loads_nothing_from_elsewhere() -> None:
    page = await AsyncClient().get("/api/v1/docs")
    html = page.content.decode()
    assert page.status_code == 200
    assert "http://" not in html and "https://" not in html
    assert "/static/ninja/swagger-ui-bundle.js" in html
    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "strict-dynamic" not in policy
    # Nothing inline would run under this policy.
    assert html.count("<script") == html.count("<script src=") + html.count("application/json")
