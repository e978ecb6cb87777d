"""What the database and Redis hold opens nothing, and what they held before still works."""

import json
import pickle
import re
import sqlite3
import time
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings as product
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts import sealing
from accounts.models import User
from accounts.sessions.store import SessionStore, key_of
from mediachat.redis.fallback_cache import JSONSerializer
from tests import databases
from tests.accounts.test_second_factor import sign_in
from tests.conftest import PASSWORD, Serve
from tests.support.live import Redis, Server
from tests.support.outside import OutsideClient

EDITOR = SimpleNamespace(connection=connection)
migration = import_module("accounts.migrations.0003_seal_secrets")


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    cache.clear()


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def everything_in(server: Server) -> str:
    """All that the database holds: each row, and on SQLite each byte of its files."""
    text = server.manage("dumpdata", "--all")
    if databases.kind() == "sqlite":
        for file in server.data_dir.glob("db.sqlite3*"):
            text += file.read_bytes().decode("latin-1")
        with sqlite3.connect(server.data_dir / "db.sqlite3") as database:
            assert database.execute("SELECT count(*) FROM django_session").fetchone()[0] > 1
    return text


# -- What is stored ----------------------------------------------------------------------------


async def test_no_table_holds_what_signs_anybody_in(serve: Serve) -> None:
    server = serve(RATE_LIMITS="off")
    program = await OutsideClient(server.url, "member").sign_in()
    async with httpx.AsyncClient(base_url=server.url, follow_redirects=True) as http:
        await http.get("/accounts/login/")
        form = {"csrfmiddlewaretoken": http.cookies["csrftoken"]}
        headers = {"Referer": server.url}
        me = form | {"login": "member", "password": PASSWORD}
        await http.post("/accounts/login/", data=me, headers=headers)
        form["csrfmiddlewaretoken"] = http.cookies["csrftoken"]
        # allauth keeps a form that it asks a password for in the session, headers and all.
        typed = form | {"code": "123456 in a form"}
        await http.post("/accounts/2fa/totp/activate/", data=typed, headers=headers)
        again = form | {"password": PASSWORD}
        await http.post("/accounts/reauthenticate/", data=again, headers=headers)
        page = await http.get("/accounts/2fa/totp/activate/")
        secret = re.search(r'value="([A-Z2-7]{32})"', page.text)
        assert secret, page.text
        pending = everything_in(server)
        done = form | {"code": code_of(secret[1])}
        answer = await http.post("/accounts/2fa/totp/activate/", data=done, headers=headers)
        assert "recovery" in str(answer.url)
        cookie = http.cookies["sessionid"]
    stored = everything_in(server)
    for held in (pending, stored):
        for value in (cookie, program.token, secret[1], "123456 in a form"):
            assert value not in held
    rows = [row["fields"] for row in json.loads(server.manage("dumpdata", "--all", "sessions"))]
    assert rows
    assert all(row["session_data"].startswith(sealing.PREFIX) for row in rows)
    factors = [row["fields"] for row in json.loads(server.manage("dumpdata", "mfa"))]
    assert len(factors) == 2
    for factor in factors:
        text = factor["data"].get("secret") or factor["data"]["seed"]
        assert text.startswith(sealing.PREFIX)


@pytest.mark.django_db(transaction=True)
def test_the_name_of_a_row_signs_nobody_in(member: User) -> None:
    sign_in(member)
    row = Session.objects.get()
    device = UserSession.objects.get()
    assert device.session_key == row.pk
    for known in (row.pk, row.session_data):
        for there in (Client(), Client(headers={"X-Session-Token": known})):
            there.cookies[product.SESSION_COOKIE_NAME] = known
            assert there.get("/accounts/profile/").status_code == 302
            assert there.get("/api/v1/rooms").status_code == 401
            assert there.get("/embed/").status_code == 401
    answer = Client(headers={"X-Session-Token": row.pk}).get("/_allauth/app/v1/auth/session")
    assert answer.status_code == 410


async def test_redis_holds_no_pickles(redis: Redis, serve: Serve) -> None:
    from redis import Redis as Connection

    server = serve(REDIS_URL=redis.url)
    program = await OutsideClient(server.url, "member").sign_in()
    await program.connect()
    await program.disconnect()
    await OutsideClient(server.url, "administrator").sign_in_by_form()
    async with httpx.AsyncClient(base_url=server.url) as http:
        wrong = {"username": "owner", "password": "wrong"}
        await http.post("/_allauth/app/v1/auth/login", json=wrong)
        editor = {
            "callback": "vscode://mediachat.media-chat/signed-in",
            "challenge": "c" * 43,
            "state": "s" * 22,
        }
        assert (await http.post("/_allauth/app/v1/auth/editor", json=editor)).status_code == 200
    with Connection.from_url(redis.url) as connected:
        found = {
            key: connected.get(key)
            for key in connected.scan_iter("mediachat:1:*")
            if connected.type(key) == b"string"
        }
    assert any(b"editor-link" in key for key in found)
    for key, value in found.items():
        assert json.loads(value) is not None, key
        assert program.token.encode() not in key + value


class Trap:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('this ran')",))


def test_a_pickle_in_redis_is_nothing_and_does_nothing() -> None:
    serializer = JSONSerializer()
    assert serializer.loads(pickle.dumps(Trap())) is None
    for value in (0, -5, True, False, None, 1.5, "5", "text", [1.5, 2.5], {"a": [1]}):
        written = serializer.dumps(value)
        read = serializer.loads(str(written).encode() if isinstance(written, int) else written)
        assert (read, type(read)) == (value, type(value))
    with pytest.raises(TypeError):
        serializer.dumps(Trap())


# -- What was stored before --------------------------------------------------------------------


def test_nobody_is_signed_out_by_the_change(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "BATCH", 2)
    clients = [sign_in(member) for _ in range(5)]
    for client in clients:
        session = client.session
        data = dict(session.items())
        old = DjangoStore()
        old.update(data)
        old.create()
        UserSession.objects.filter(session_key=session.session_key).update(
            session_key=old.session_key
        )
        session.delete()
        client.cookies[product.SESSION_COOKIE_NAME] = str(old.session_key)
        assert client.get("/accounts/profile/").status_code == 302
    client = clients[0]
    client.cookies[product.SESSION_COOKIE_NAME] = str(old.session_key)
    keys = {row.session_key for row in UserSession.objects.all()}
    assert keys == {row.pk for row in Session.objects.all()}
    # A second time, as after a crash, it has nothing to do.
    for _ in range(2):
        migration.name_sessions(apps, EDITOR)
        migration.name_devices(apps, EDITOR)
    assert Session.objects.count() == UserSession.objects.count() == 5
    assert {row.pk for row in Session.objects.all()} == {key_of(key) for key in keys}
    assert client.get("/accounts/profile/").status_code == 200
    assert client.get("/accounts/sessions/").content.count(b"/end/") == 4


def test_second_factors_of_before_are_sealed_and_still_right(member: User) -> None:
    secret, seed = generate_totp_secret(), RecoveryCodes.generate_seed()
    for kind, data in (
        ("totp", {"secret": secret}),
        ("recovery_codes", {"seed": seed, "used_mask": 0}),
    ):
        Authenticator.objects.create(user=member, type=kind, data=data)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().generate_codes()
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code_of(secret))
    for _ in range(2):
        migration.seal_second_factors(apps, EDITOR)
    text = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in text
    assert seed not in text
    cache.clear()
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code_of(secret))
    recovery = Authenticator.objects.get(type="recovery_codes")
    assert recovery.data["used_mask"] == 0
    assert recovery.wrap().generate_codes() == codes


def sign_in_with_code(user: User, code: str) -> bool:
    cache.clear()
    client = sign_in(user)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return "_auth_user_id" in client.session


def test_a_new_secret_takes_the_place_of_the_former_one(member: User, settings: Settings) -> None:
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    before = Authenticator.objects.get().data["secret"]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, of fifty characters and a few more than that"
    assert not sealing.is_current(before)
    assert sign_in_with_code(member, code_of(secret))
    assert sealing.is_current(Authenticator.objects.get().data["secret"])
    settings.SECRET_KEY_FALLBACKS = []
    assert sign_in_with_code(member, code_of(secret))


def test_without_the_secret_no_code_is_right(member: User, settings: Settings) -> None:
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    settings.SECRET_KEY = "another secret, of fifty characters and a few more than that"
    for code in (code_of(secret), code_of(""), "000000"):
        assert not sign_in_with_code(member, code)


def test_a_session_of_another_secret_is_empty(member: User, settings: Settings) -> None:
    client = sign_in(member)
    settings.SECRET_KEY = "another secret, of fifty characters and a few more than that"
    assert client.get("/accounts/profile/").status_code == 302
    assert dict(SessionStore(client.session.session_key).items()) == {}
