"""Signing in to an editor by way of the browser: the way itself, and those who abuse it."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.sessions.signed_in import user_for_session, user_for_token
from accounts.sessions.store import key_of
from accounts.sign_in import editors, one_time_tokens
from tests.conftest import PASSWORD

VERIFIER = "v" * 43
STATE = "s" * 22
DESKTOP = "vscode://mediachat.media-chat/signed-in?windowId=1"
ASK = "/_allauth/app/v1/auth/editor"
EXCHANGE = f"{ASK}/session"


def in_browser(origin: str, **changed: str) -> str:
    """The callback as VS Code makes it where it runs in a browser."""
    query = {
        "vscode-reqid": "1",
        "vscode-scheme": "code-oss",
        "vscode-authority": "mediachat.media-chat",
        "vscode-path": "/signed-in",
    }
    return f"{origin}/callback?{urlencode(query | changed)}"


def ask(callback: str = DESKTOP, **changed: str) -> Any:
    """The editor asks for a link."""
    body = {"callback": callback, "challenge": editors.challenge_of(VERIFIER), "state": STATE}
    return Client().post(ASK, json.dumps(body | changed), content_type="application/json")


def page(callback: str = DESKTOP, **changed: str) -> str:
    return str(ask(callback, **changed).json()["data"]["path"])


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    caches["default"].clear()


@pytest.fixture
def signed_in(member: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": member.username, "password": PASSWORD})
    return client


def address_of(answer: Any) -> str:
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.content.decode())
    assert found, answer.content
    return unescape(found[1])


def code_from(signed_in: Client, callback: str = DESKTOP) -> str:
    answer = signed_in.post(page(callback))
    assert answer.status_code == 200
    return parse_qs(urlsplit(address_of(answer)).query)["code"][0]


def exchange(code: str, verifier: str = VERIFIER, **headers: str) -> Any:
    body = json.dumps({"code": code, "verifier": verifier})
    return Client().post(EXCHANGE, body, content_type="application/json", headers=headers)


def kept_keys() -> list[str]:
    return list(caches["default"]._cache)  # type: ignore[attr-defined]


# -- The way ----------------------------------------------------------------------------------


@pytest.mark.once
def test_a_person_sees_which_editor_asks_and_nothing_happens_yet(signed_in: Client) -> None:
    answer = signed_in.get(page())
    assert answer.status_code == 200
    assert b"Visual Studio Code" in answer.content
    assert b"@member" in answer.content
    assert b"code=" not in answer.content
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.once
def test_the_code_goes_to_the_editor_with_its_state(signed_in: Client) -> None:
    address = urlsplit(address_of(signed_in.post(page())))
    assert (address.scheme, address.netloc) == ("vscode", "mediachat.media-chat")
    assert address.path == "/signed-in"
    query = parse_qs(address.query)
    assert query["windowId"] == ["1"]
    assert query["state"] == [STATE]
    assert len(query["code"][0]) == 43


def test_code_and_verifier_give_a_session_that_works(signed_in: Client, member: User) -> None:
    answer = exchange(code_from(signed_in))
    assert answer.status_code == 200
    assert answer.json()["data"]["user"]["username"] == "member"
    token = answer.json()["meta"]["session_token"]
    assert user_for_token(token) == (member, key_of(token))
    headers = {"X-Session-Token": token}
    assert Client().get("/_allauth/app/v1/auth/session", headers=headers).status_code == 200
    assert Client().get("/embed/", headers=headers).status_code == 200


def test_the_editor_is_in_the_list_of_devices_and_ends_alone(
    signed_in: Client, member: User
) -> None:
    agent = "Code/1.100.0 (Linux)"
    token = exchange(code_from(signed_in), **{"User-Agent": agent}).json()["meta"]["session_token"]
    assert signed_in.session.session_key != key_of(token)
    assert "VS Code on Linux" in signed_in.get("/accounts/sessions/").content.decode()

    Client().delete("/_allauth/app/v1/auth/session", headers={"X-Session-Token": token})
    assert user_for_token(token) is None
    assert user_for_session(str(signed_in.session.session_key)) == member
    assert "VS Code on Linux" not in signed_in.get("/accounts/sessions/").content.decode()


def test_signing_the_editor_out_from_the_list_ends_it(signed_in: Client) -> None:
    token = exchange(code_from(signed_in)).json()["meta"]["session_token"]
    row = UserSession.objects.get(session_key=key_of(token))
    signed_in.post(f"/accounts/sessions/{row.pk}/end/")
    assert user_for_token(token) is None


@pytest.mark.once
def test_whoever_is_signed_out_signs_in_first_and_comes_back(member: User, client: Client) -> None:
    link = page()
    asked = client.get(link)
    assert asked["Location"] == f"/accounts/login/?next={link}"
    answer = client.post(asked["Location"], {"login": "member", "password": PASSWORD, "next": link})
    assert answer["Location"] == link
    assert client.get(link).status_code == 200


def test_who_has_given_a_second_factor_in_the_browser_is_not_asked_again(member: User) -> None:
    TOTP.activate(member, generate_totp_secret())
    client = Client()
    client.force_login(member)
    assert exchange(code_from(client)).status_code == 200


@pytest.mark.once
@pytest.mark.parametrize(
    "origin",
    [
        "https://vscode.dev",
        "https://insiders.vscode.dev",
        "https://github.dev",
        "https://fuzzy-space-waffle.github.dev",
        "http://127.0.0.1:8080",
        "http://localhost:8443",
        "https://[::1]:9000",
        "https://code.example.org",
    ],
)
def test_an_editor_in_the_browser_gets_its_code_too(
    signed_in: Client, settings: Settings, origin: str
) -> None:
    settings.EDITOR_ORIGINS = ["https://code.example.org"]
    address = address_of(signed_in.post(page(in_browser(origin))))
    assert address.startswith(f"{origin}/callback?vscode-reqid=1&")
    assert exchange(parse_qs(urlsplit(address).query)["code"][0]).status_code == 200


def test_an_editor_in_the_browser_may_ask_from_its_worker(client: Client) -> None:
    origin = "https://a1b2.vscode-cdn.net"
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    assert client.options(EXCHANGE, headers=headers)["Access-Control-Allow-Origin"] == origin


# -- Where a code may not go -------------------------------------------------------------------


@pytest.mark.parametrize(
    "callback",
    [
        # Someone else's site, however it is dressed up.
        in_browser("https://evil.example"),
        in_browser("https://vscode.dev.evil.example"),
        in_browser("https://evilvscode.dev"),
        in_browser("https://vscode.dev@evil.example"),
        in_browser("https://evil.example\\@vscode.dev"),
        in_browser("https://evil.example#@vscode.dev"),
        in_browser("https://8000.app.github.dev"),
        in_browser("https://x-8000.app.github.dev"),
        in_browser("https://github.dev.evil.example"),
        in_browser("http://vscode.dev"),
        in_browser("https://vscode.dev:8443"),
        in_browser("http://127.0.0.1.evil.example"),
        in_browser("http://localhost.evil.example"),
        in_browser("http://127.0.0.1:80@evil.example"),
        in_browser("http://192.168.1.2"),
        in_browser("https://code.example.org.evil.example"),
        in_browser("//evil.example"),
        in_browser("HTTPS://EVIL.EXAMPLE"),
        # Known places, but not the extension there.
        "https://vscode.dev/callback",
        "https://vscode.dev/redirect?url=https://evil.example",
        in_browser("https://vscode.dev", **{"vscode-authority": "evil.extension"}),
        in_browser("https://vscode.dev", **{"vscode-path": "/elsewhere"}),
        in_browser("http://127.0.0.1:8080/proxy/9000/x?y="),
        "vscode://evil.extension/signed-in",
        "vscode://mediachat.media-chat/elsewhere",
        "vscode://mediachat.media-chat@evil.example/signed-in",
        "vscode://mediachat.media-chat/../evil.extension/signed-in",
        "vscode:extension/evil.extension",
        # Other schemes, and what is none.
        "javascript:alert(document.domain)//mediachat.media-chat/signed-in",
        "data:text/html,<script>alert(1)</script>",
        "file:///signed-in",
        "ms-settings://mediachat.media-chat/signed-in",
        "ssh://mediachat.media-chat/signed-in",
        "/accounts/logout/",
        "",
        # What would break out of the page or of the header.
        'vscode://mediachat.media-chat/signed-in?"><script>alert(1)</script>',
        "vscode://mediachat.media-chat/signed-in?x\r\nSet-Cookie: a=b",
        # A code that would be read in place of ours.
        "vscode://mediachat.media-chat/signed-in?code=theirs",
        "vscode://mediachat.media-chat/signed-in?state=theirs",
    ],
)
def test_there_is_no_link_to_anywhere_else(callback: str) -> None:
    answer = ask(callback)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["param"] == "callback"
    assert error["code"] in ("unknown_editor", "required")
    assert not [key for key in kept_keys() if ":editor" in key]


@pytest.mark.parametrize(
    "changed",
    [
        {"challenge": ""},
        {"challenge": "short"},
        {"challenge": "x" * 44},
        {"challenge": "x" * 42 + "\n"},
        {"state": ""},
        {"state": "a b"},
        {"state": "s" * 200},
        {"state": "\ud800" * 20},
    ],
)
def test_what_is_not_a_request_of_an_editor_is_refused(changed: dict[str, str]) -> None:
    assert ask(**changed).status_code == 400


# -- Who may not have one ----------------------------------------------------------------------


@pytest.mark.once
def test_another_site_cannot_say_yes_for_a_person(member: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    link = page()
    assert client.post(link).status_code == 403
    assert client.get(link).headers["X-Frame-Options"] == "DENY"
    assert client.get(link).status_code == 200


@pytest.mark.once
def test_a_link_works_once(signed_in: Client) -> None:
    link = page()
    assert signed_in.post(link).status_code == 200
    for answer in (signed_in.get(link), signed_in.post(link)):
        assert answer.status_code == 410
        assert b"http-equiv" not in answer.content


@pytest.mark.once
def test_an_old_or_made_up_link_gets_nothing(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editors, "LINK_LIFETIME", 0.05)
    link = page()
    time.sleep(0.1)
    for each in (link, "/accounts/editor/made-up/", f"/accounts/editor/{'x' * 43}/"):
        assert signed_in.get(each).status_code == 410
        assert signed_in.post(each).status_code == 410


@pytest.mark.once
def test_a_code_works_once(signed_in: Client) -> None:
    code = code_from(signed_in)
    assert exchange(code).status_code == 200
    again = exchange(code)
    assert again.status_code == 400
    assert again.json()["errors"][0]["code"] == "invalid_code"


def test_of_many_who_exchange_a_code_at_once_one_succeeds() -> None:
    for _ in range(20):
        code = one_time_tokens.issue("editor-code", ("session", "challenge"), lifetime=60)
        with ThreadPoolExecutor(8) as pool:
            taken = pool.map(lambda each: one_time_tokens.redeem("editor-code", each), [code] * 8)
            assert len([one for one in taken if one]) == 1


@pytest.mark.once
def test_a_wrong_verifier_gets_nothing_and_uses_the_code_up(signed_in: Client) -> None:
    code = code_from(signed_in)
    assert exchange(code, "w" * 43).status_code == 400
    assert exchange(code).status_code == 400


@pytest.mark.once
def test_a_code_of_someone_elses_way_does_not_fit_ones_own_verifier(signed_in: Client) -> None:
    # A person is made to open a link with a code of the attacker's account.
    theirs = parse_qs(
        urlsplit(
            address_of(signed_in.post(page(challenge=editors.challenge_of("attacker" * 6))))
        ).query
    )["code"][0]
    assert exchange(theirs).status_code == 400


@pytest.mark.once
def test_an_old_code_gets_nothing(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editors, "CODE_LIFETIME", 0.05)
    code = code_from(signed_in)
    time.sleep(0.1)
    assert exchange(code).status_code == 400


@pytest.mark.once
def test_a_code_is_not_kept_in_the_clear(signed_in: Client) -> None:
    code = code_from(signed_in)
    assert any(":editor-code:" in key for key in kept_keys())
    assert not any(code in key for key in kept_keys())


def test_whoever_was_suspended_in_between_gets_nothing(signed_in: Client, member: User) -> None:
    code = code_from(signed_in)
    member.is_active = False
    member.save()
    assert exchange(code).status_code == 400
    assert signed_in.post(page()).status_code == 302


def test_whoever_signed_out_in_between_gets_nothing(signed_in: Client) -> None:
    code = code_from(signed_in)
    signed_in.post("/accounts/logout/")
    assert exchange(code).status_code == 400


@pytest.mark.once
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "x" * 43},
        {"code": "x" * 43, "verifier": "short"},
        {"code": "x" * 43, "verifier": VERIFIER},
        {"code": ["x"], "verifier": {"a": 1}},
        {"code": "x" * 43, "verifier": None},
    ],
)
def test_a_made_up_code_gets_nothing(db: None, body: Any) -> None:
    answer = Client().post(EXCHANGE, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert "meta" not in answer.json() or "session_token" not in answer.json()["meta"]


@pytest.mark.once
def test_whoever_tries_codes_is_stopped(db: None) -> None:
    answers = [exchange("x" * 43).status_code for _ in range(130)]
    assert set(answers[:60]) == {400}
    assert answers[-1] == 429
    assert ask().status_code == 429


@pytest.mark.once
def test_nothing_is_exchanged_by_an_address(signed_in: Client) -> None:
    code = code_from(signed_in)
    answer = Client().get(EXCHANGE, {"code": code, "verifier": VERIFIER})
    assert answer.status_code == 405
    assert exchange(code).status_code == 200


def test_the_session_lasts_as_others_do(signed_in: Client) -> None:
    token = exchange(code_from(signed_in)).json()["meta"]["session_token"]
    here = Session.objects.get(pk=signed_in.session.session_key).expire_date
    there = Session.objects.get(pk=key_of(token)).expire_date
    assert there > timezone.now()
    assert abs((here - there).total_seconds()) < 3600
