"""What a stranger or an ordinary account can ask for at will leaves no error in the log."""

import asyncio
import contextlib
import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.live import EXCEPTION, Server
from tests.support.outside import OutsideClient
from tests.system.test_slow_peers import started

pytestmark = pytest.mark.once

__all__ = ["started"]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
LOGIN = "/_allauth/app/v1/auth/login"
JSON = "application/json"
MANY_FIELDS = b"&".join(b"a%d=1" % number for number in range(2_000))
MANY_PARTS = b"".join(
    b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n' % number
    for number in range(1_500)
)
MANY_FILES = b"".join(
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="%d"\r\n\r\n1\r\n' % number
    for number in range(200)
)
UPLOAD = "/api/v1/attachments"
PROFILE = "/accounts/profile/"
BASE64 = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nA\xff=A\r\n--x--\r\n"
)
HUGE_FIELD = (
    b'--x\r\nContent-Disposition: form-data; name="display_name"\r\n\r\n'
    + b"x" * 3_000_000
    + b"\r\n--x--\r\n"
)
ODD_NAME = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="../..\xff\x00/"\r\n'
    b"Content-Type: \xff/x; charset=nope\r\n\r\nx\r\n--x--\r\n"
)
LINE = 3_000
"""Characters: two lines of TEXT_LIMIT at most."""
CSRF = "c" * 32
"""A browser chooses it."""


def _post(path: str, kind: str, body: bytes, **more: Any) -> dict[str, Any]:
    headers = [f"Content-Type: {kind}", f"Content-Length: {len(body)}", f"X-CSRFToken: {CSRF}"]
    return {"method": "POST", "path": path, "headers": headers, "body": body} | more


def _get(path: str, *headers: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "headers": list(headers)} | more


ASKED: dict[str, dict[str, Any]] = {
    "another host": {"host": ["evil"]},
    "two hosts": {"host": ["localhost", "evil"]},
    "no host": {"host": []},
    "an empty host": {"host": [""]},
    "a host of bytes": {"host": ["\xff"]},
    "a host with a path": {"host": ["localhost/@evil"]},
    "a host with a port of letters": {"host": ["localhost:x"]},
    "another host for a program": _get("/api/v1/rooms", host=["evil"]),
    "another host at the login": _get("/accounts/login/", host=["evil"]),
    "another host for a file": _get("/static/chat/styles/theme.css", host=["evil"]),
    "a forwarded port": _get("/accounts/login/", "X-Forwarded-Port: \xff", "X-Forwarded-Host: x"),
    "bytes in the path": _get("/%ff%fe"),
    "bytes in the query": _get("/accounts/login/?next=%ff%fe&%ff=1"),
    "raw bytes in the query": _get("/accounts/login/?next=\xff"),
    "bytes in a header": _get("/", "X-Thing: \xff\xfe", "User-Agent: \xff"),
    "a percent sign": _get("/%", "Referer: %"),
    "half a character": _get("/%ed%a0%80"),
    "many parameters": _get("/accounts/login/?" + "&".join(f"a{n}" for n in range(1_500))),
    "a huge page": _get("/?page=" + "9" * 5_000),
    "climbing in static": _get("/static/../../etc/passwd"),
    "climbing in static, encoded": _get("/static/%2e%2e/%2e%2e/etc/passwd"),
    "climbing in avatars": _get("/media/avatars/..%2f..%2fx.webp"),
    "an avatar of nobody": _get("/media/avatars/abc.webp"),
    "a file of nobody": _get("/media/00000000-0000-0000-0000-000000000000/..%2fx"),
    "a wrong range": _get("/static/chat/styles/theme.css", "Range: bytes=9-1,a-b,-,--"),
    "a huge range": _get("/static/chat/styles/theme.css", "Range: bytes=" + "9" * 5_000 + "-"),
    "a range of numerals": _get("/static/chat/styles/theme.css", "Range: bytes=\xb2-\xb3"),
    "a time that is none": _get("/", "If-Modified-Since: Mon, 99 Foo 99999 99:99:99 GMT"),
    "a time far away": _get(
        "/static/chat/styles/theme.css", "If-Modified-Since: Mon, 01 Jan 99999 00:00:00 GMT"
    ),
    "a time for static": _get("/static/chat/styles/theme.css", "If-Modified-Since: \xff"),
    "a time out of range": _get(
        "/accounts/login/", "If-Modified-Since: Mon, 31 Feb 0000 00:00:00 GMT", 'If-None-Match: "'
    ),
    "many languages": _get("/accounts/login/", "Accept-Language: " + "en-gb-x," * 1_800),
    "odd languages": _get("/", "Accept-Language: \xff;q=\xff, *;q=9999999999"),
    "odd encodings": _get("/static/chat/styles/theme.css", "Accept-Encoding: gzip;q=x, \xff"),
    "a wrong session": _get("/", "Cookie: sessionid=x"),
    "a session of bytes": _get("/", "Cookie: sessionid=\xff\xfe; csrftoken=\xff"),
    "odd cookies": _get("/", 'Cookie: =; ;;a="\\777\\000"; csrftoken=' + "x" * 5_000),
    "odd messages": _get("/accounts/login/", "Cookie: messages=\xff:x:y; mc_device=x:\xff:y"),
    "a wrong token": _get("/api/v1/rooms", "X-Session-Token: \xff", "Authorization: Bearer \xff"),
    "a long token": _get("/api/v1/rooms", "X-Session-Token: " + "x" * 9_000),
    "a method that is none": {"method": "FOO", "path": "/"},
    "a method in lower case": {"method": "get", "path": "/"},
    "options": {"method": "OPTIONS", "path": "*"},
    "connect": {"method": "CONNECT", "path": "localhost:80"},
    "trace": {"method": "TRACE", "path": "/"},
    "put": {"method": "PUT", "path": "/accounts/login/", "headers": ["Content-Length: 0"]},
    "propfind": {"method": "PROPFIND", "path": "/accounts/login/"},
    "delete": {"method": "DELETE", "path": LOGIN},
    "an absolute address": _get("http://evil/"),
    "no slash": _get("accounts/login"),
    "a wrong csrf token": _post("/accounts/login/", FORM, b"csrfmiddlewaretoken=\xff"),
    "another origin": _post("/accounts/login/", FORM, b"a=1", origin="http://evil"),
    "an origin of bytes": _post("/accounts/login/", FORM, b"a=1", origin="\xff://[::"),
    "a null origin": _post("/accounts/login/", FORM, b"a=1", origin="null"),
    "many fields": _post("/accounts/login/", FORM, MANY_FIELDS),
    "many parts": _post("/accounts/login/", MULTIPART, MANY_PARTS + b"--x--\r\n"),
    "many files": _post("/accounts/login/", MULTIPART, MANY_FILES + b"--x--\r\n"),
    "many files unasked": _post("/accounts/signup/", MULTIPART, MANY_FILES + b"--x--\r\n"),
    "a large form": _post("/accounts/login/", FORM, b"a=" + b"x" * 60_000),
    "a form of bytes": _post("/accounts/login/", FORM, b"\xff=%ff&%zz"),
    "a form of another charset": _post("/accounts/login/", FORM + "; charset=utf-16", b"a=%ff"),
    "a charset that is none": _post("/accounts/login/", FORM + "; charset=nope", b"a=1"),
    "no boundary": _post("/accounts/login/", "multipart/form-data", b"--x"),
    "an odd boundary": _post("/accounts/login/", "multipart/form-data; boundary=\xff", b"--x"),
    "a broken part": _post("/accounts/login/", MULTIPART, b"--x\r\nContent-Disp"),
    "a wrong base64": _post("/accounts/login/", MULTIPART, BASE64),
    "no JSON": _post(LOGIN, JSON, b"{"),
    "JSON of bytes": _post(LOGIN, JSON, b"\xff"),
    "JSON of another shape": _post(LOGIN, JSON, b'[{"username": 1}, null]'),
    "JSON with a number as a name": _post(LOGIN, JSON, b'{"username": 1, "password": {}}'),
    "JSON that is deep": _post(LOGIN, JSON, b"[" * 50_000),
    "no JSON for a command": _post("/api/v1/rooms", JSON, b"\xff{"),
    "a form for a command": _post("/api/v1/rooms", FORM, b"a=1"),
    "an upload of many parts": _post(UPLOAD, MULTIPART, MANY_PARTS + b"--x--\r\n"),
    "an upload of many files": _post(UPLOAD, MULTIPART, MANY_FILES + b"--x--\r\n"),
    "an upload without a boundary": _post(UPLOAD, "multipart/form-data", b"--x"),
    "an upload as JSON": _post(UPLOAD, JSON, b"{}"),
    "an upload with a broken part": _post(UPLOAD, MULTIPART, b"--x\r\nContent-Disp"),
    "an upload with a wrong base64": _post(UPLOAD, MULTIPART, BASE64),
    "an upload with a huge field": _post(UPLOAD, MULTIPART, HUGE_FIELD),
    "an upload with an odd name": _post(UPLOAD, MULTIPART, ODD_NAME),
    "an upload that is left": _post(UPLOAD, MULTIPART, ODD_NAME[:-9], cut=5_000),
    "a profile of many parts": _post(PROFILE, MULTIPART, MANY_PARTS + b"--x--\r\n"),
    "a profile with an odd name": _post(PROFILE, MULTIPART, ODD_NAME),
    "a profile with a huge field": _post(PROFILE, MULTIPART, HUGE_FIELD),
    "a profile without a boundary": _post(PROFILE, "multipart/form-data", b"--x"),
    "a profile with a wrong base64": _post(PROFILE, MULTIPART, BASE64),
    "a profile that is left": _post(PROFILE, MULTIPART, ODD_NAME[:-9], cut=5_000),
    "a large JSON": _post(LOGIN, JSON, b'"' + b"x" * 3_000_000 + b'"'),
    "a large command": _post("/api/v1/rooms", JSON, b'"' + b"x" * 3_000_000 + b'"'),
    "an odd room": _get("/api/v1/rooms/\xff/messages".replace("\xff", "%ff")),
    "an odd cursor": _get("/api/v1/rooms?after=%ff&limit=99999999999999999999999"),
    "a huge session": _post("/accounts/sessions/" + "9" * 20 + "/end/", FORM, b"a=1"),
    "a link of an editor": _get("/accounts/editor/%ff/"),
    "a link of an administrator": _get("/accounts/first-administrator/%ff/"),
    "the admin": _get("/admin/accounts/user/?q=%ff&p=x&o=-9.x"),
    "leaving in a body": _post("/accounts/login/", FORM, b"a=1", cut=1_000),
    "leaving in a multipart body": _post("/accounts/login/", MULTIPART, b"--x\r\n", cut=1_000),
    "leaving in JSON": _post(LOGIN, JSON, b"{", cut=1_000),
    "a negative length": {"method": "POST", "path": LOGIN, "headers": ["Content-Length: -1"]},
    "a length of letters": {"method": "POST", "path": LOGIN, "headers": ["Content-Length: x"]},
    "a wrong chunk": {
        "method": "POST",
        "path": LOGIN,
        "headers": ["Transfer-Encoding: chunked"],
        "body": b"zz\r\n\r\n",
    },
    "an odd upgrade": _get("/", "Connection: Upgrade", "Upgrade: h2c"),
    "no HTTP": {"raw": b"x\r\n\r\n"},
    "TLS": {"raw": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 80},
    "a header without a name": _get("/", ": x"),
    "a folded header": _get("/", "X-A: b", " c"),
}
"""Each is a request; its name says what is odd about it."""


def _bytes(asked: dict[str, Any], token: str) -> bytes:
    if "raw" in asked:
        return bytes(asked["raw"])
    lines = [
        f"{asked.get('method', 'GET')} {asked.get('path', '/')} HTTP/1.1",
        *(f"Host: {host}" for host in asked.get("host", ["localhost"])),
        *asked.get("headers", ()),
        *([f"Origin: {asked['origin']}"] if "origin" in asked else []),
        *([f"X-Session-Token: {token}"] if token else []),
        *([f"Cookie: csrftoken={CSRF}; sessionid={token}"] if "body" in asked else []),
        "Connection: close",
    ]
    if asked.get("cut"):
        lines = [
            f"Content-Length: {asked['cut']}" if line.startswith("Content-Length") else line
            for line in lines
        ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + asked.get("body", b"")


async def _ask(server: Server, asked: dict[str, Any], token: str = "") -> bytes:
    """What is answered, if anything is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    answer = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(5):
            writer.write(_bytes(asked, token))
            await writer.drain()
            if asked.get("cut"):
                await asyncio.sleep(0.1)
                writer.transport.abort()
            answer = await reader.read()
    writer.transport.abort()
    return answer


@pytest.mark.parametrize("who", ["a stranger", "a member"])
async def test_nothing_that_is_asked_for_is_an_error(serve: Serve, who: str) -> None:
    server = await asyncio.to_thread(serve, RATE_LIMITS="off", HEADER_SECONDS="5")
    token = (
        "" if who == "a stranger" else (await OutsideClient(server.url, "member").sign_in()).token
    )
    loud, failed = [], []
    for name, asked in ASKED.items():
        seen = len(server.log)
        answer = await _ask(server, asked, token)
        # The line is written before the answer, but for those who have left.
        await asyncio.sleep(0.1 if asked.get("cut") else 0)
        log = server.log[seen:]
        if EXCEPTION.search(log) or '"exception"' in log or len(log) > LINE:
            loud.append(f"{name}: {log[:500]}")
        if answer.startswith(b"HTTP/1.1 5"):
            failed.append(f"{name}: {answer[:200]!r}")
    assert not loud, "\n".join(loud)
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("started", ["uvicorn", "daphne"], indirect=True)
async def test_a_query_of_many_fields_is_answered_at_once(started: Any) -> None:
    """With the page for developers it took one server minutes of work."""
    server, _ = await asyncio.to_thread(started)
    assert (await _ask(server, ASKED["many parameters"])).startswith(b"HTTP/1.1 400 ")


async def test_a_host_that_is_refused_is_answered_400_and_one_line(serve: Serve) -> None:
    server = serve()
    for host in (["evil"], ["localhost", "evil"], ["\xff"]):
        seen = len(server.log)
        answer = await _ask(server, {"host": host})
        assert answer.startswith(b"HTTP/1.1 400 ")
        (line,) = (json.loads(line) for line in server.log[seen:].splitlines())
        assert (line["level"], line["logger"]) == ("warning", "django.security.DisallowedHost")
        assert "exception" not in line
