"""What a password's hash costs, how much of it at once, and what becomes of older hashes."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import hashers as django_hashers
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.passwords import hashers
from accounts.passwords.hashers import Argon2Hasher, HashingThread, PBKDF2Hasher, TooManyHashes
from accounts.sessions.signed_in import user_for_session
from accounts.sign_in import first_administrator
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.once

NEW = "another horse 42"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "accounts.passwords.hashers.Argon2Hasher",
        "accounts.passwords.hashers.PBKDF2Hasher",
    ]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From this call on the line before the thread that hashes is full."""
    return lambda: monkeypatch.setattr(hashers, "hashing_thread", HashingThread(places=0))


def test_the_product_hashes_with_owasps_parameters() -> None:
    from mediachat import settings

    assert settings.PASSWORD_HASHERS[0] == "accounts.passwords.hashers.Argon2Hasher"
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in django_hashers.make_password("x")


# -- One thread, and a bounded line ------------------------------------------------------------


def test_one_is_hashed_at_a_time_and_who_finds_no_place_is_refused() -> None:
    thread = HashingThread(places=3)
    begun, go_on = threading.Event(), threading.Event()
    running: list[int] = []

    def work() -> int:
        running.append(1)
        begun.set()
        assert go_on.wait(10)
        running.remove(1)
        return len(running)

    answers: list[int] = []
    waiting = [threading.Thread(target=lambda: answers.append(thread.run(work))) for _ in range(3)]
    for each in waiting:
        each.start()
    assert begun.wait(10)
    while thread._places.acquire(blocking=False):  # until the third has its place
        thread._places.release()
    with pytest.raises(TooManyHashes):
        thread.run(work)
    go_on.set()
    for each in waiting:
        each.join(10)
    assert answers == [0, 0, 0]
    assert thread.run(lambda: "there is place again") == "there is place again"


def test_who_waits_too_long_is_refused_and_their_work_is_never_done() -> None:
    thread = HashingThread(wait=0.05)
    go_on = threading.Event()
    first = threading.Thread(target=lambda: thread.run(lambda: go_on.wait(10)))
    first.start()
    while thread._executor._work_queue.qsize() or not thread._executor._threads:
        pass
    done: list[str] = []
    with pytest.raises(TooManyHashes):
        thread.run(lambda: done.append("late"))
    go_on.set()
    first.join(10)
    thread.run(lambda: None)
    assert not done


def test_what_goes_wrong_is_said_to_who_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        HashingThread().run(lambda: 1 / 0)


@pytest.mark.parametrize("hasher", [Argon2Hasher(), PBKDF2Hasher()])
def test_nothing_hashes_beside_the_line(hasher: Any, full: Callable[[], None]) -> None:
    encoded = hasher.encode("x", "a salt of some length")
    full()
    with pytest.raises(TooManyHashes):
        hasher.encode("x", "a salt of some length")
    with pytest.raises(TooManyHashes):
        hasher.verify("x", encoded)


# -- Hashes of an older kind -------------------------------------------------------------------


@pytest.fixture(params=["argon2", "pbkdf2"])
def veteran(db: None, request: pytest.FixtureRequest, settings: Any) -> User:
    """Someone whose password was hashed by Django's own hashers."""
    user = person("veteran")
    old: Any = {
        "argon2": django_hashers.Argon2PasswordHasher(),
        "pbkdf2": django_hashers.PBKDF2PasswordHasher(),
    }[request.param]
    user.password = old.encode(PASSWORD, "a salt of some length!")
    user.save(update_fields=["password"])
    return user


def signed_in(user: User) -> Client:
    """A browser that has been in use since before the upgrade."""
    client = Client()
    client.force_login(user)
    assert client.get("/accounts/sessions/").status_code == 200  # which lists this one too
    assert UserSession.objects.filter(session_key=client.session.session_key).exists()
    return client


def is_new(user: User) -> bool:
    user.refresh_from_db()
    return "$m=19456,t=2,p=1$" in user.password


def test_an_old_hash_is_replaced_at_sign_in_and_all_stay_signed_in(veteran: User) -> None:
    elsewhere = signed_in(veteran)
    here = Client()
    here.post("/accounts/login/", {"login": "veteran", "password": "wrong"})
    assert not is_new(veteran)
    assert (
        here.post("/accounts/login/", {"login": "veteran", "password": PASSWORD}).status_code == 302
    )
    assert is_new(veteran)
    for client in (here, elsewhere):
        assert client.get("/accounts/profile/").status_code == 200
        assert user_for_session(str(client.session.session_key)) == veteran
    again = Client().post("/accounts/login/", {"login": "veteran", "password": PASSWORD})
    assert again.status_code == 302


def test_who_reauthenticates_with_an_old_hash_stays_signed_in(veteran: User) -> None:
    client = signed_in(veteran)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert is_new(veteran)
    assert client.get("/accounts/profile/").status_code == 200


def test_an_old_hash_is_good_enough_while_the_line_is_full(
    veteran: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Argon2Hasher, password: str, salt: str) -> str:
        raise TooManyHashes

    monkeypatch.setattr(Argon2Hasher, "encode", refused)
    assert veteran.check_password(PASSWORD)
    assert not is_new(veteran)


# -- Refused with 429, and nothing changed ------------------------------------------------------


def refused(answer: Any) -> None:
    assert answer.status_code == 429, (answer.status_code, answer.content[:500])
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts/login/", {"login": "member", "password": PASSWORD}),
        ("/accounts/login/", {"login": "nobody", "password": PASSWORD}),
        ("/accounts/signup/", {"username": "ann", "password1": NEW, "password2": NEW}),
        ("first administrator", {"username": "root", "password": NEW, "again": NEW}),
    ],
)
def test_a_page_for_strangers_says_to_come_again(
    db: None, client: Client, full: Callable[[], None], path: str, fields: dict[str, str]
) -> None:
    person("member")
    if path == "first administrator":
        token = first_administrator.token()
        path = reverse("accounts_first_administrator", args=[token])
    full()
    answer = client.post(path, fields)
    refused(answer)
    assert b"Try again in a moment" in answer.content
    assert b"Nothing was changed" in answer.content
    assert User.objects.count() == 1
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("step", ["login", "signup"])
def test_a_program_is_told_to_come_again(
    db: None, client: Client, full: Callable[[], None], step: str
) -> None:
    name = person("member").username if step == "login" else "ann"
    full()
    answer = client.post(
        f"/_allauth/app/v1/auth/{step}",
        {"username": name, "password": PASSWORD},
        content_type="application/json",
    )
    refused(answer)
    assert answer.json()["status"] == 429
    assert answer.json()["code"] == answer.json()["errors"][0]["code"] == "rate_limited"
    assert answer.json()["detail"] == answer.json()["errors"][0]["message"]
    assert User.objects.count() == (step == "login")


def test_a_password_is_not_changed_while_the_line_is_full(
    member: User, full: Callable[[], None]
) -> None:
    page, program = Client(), Client()
    page.force_login(member)
    answer = program.post(
        "/_allauth/app/v1/auth/login",
        {"username": "member", "password": PASSWORD},
        content_type="application/json",
    )
    headers = {"X-Session-Token": answer.json()["meta"]["session_token"]}
    before = User.objects.get().password
    full()
    change = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    refused(page.post("/accounts/password/change/", change))
    refused(page.post("/accounts/reauthenticate/", {"password": PASSWORD}))
    for path, body in {
        "account/password/change": {"current_password": PASSWORD, "new_password": NEW},
        "auth/reauthenticate": {"password": PASSWORD},
    }.items():
        refused(
            program.post(
                f"/_allauth/app/v1/{path}", body, content_type="application/json", headers=headers
            )
        )
    assert User.objects.get().password == before
    assert page.get("/accounts/profile/").status_code == 200
    assert program.get("/_allauth/app/v1/auth/session", headers=headers).status_code == 200


def test_an_administrator_is_told_to_come_again(
    administrator: User, member: User, client: Client, full: Callable[[], None]
) -> None:
    client.force_login(administrator)
    before = set(User.objects.values_list("username", "password"))
    full()
    both = {"usable_password": "true", "password1": NEW, "password2": NEW}
    refused(client.post("/admin/accounts/user/add/", {"username": "ann", **both}))
    refused(client.post(f"/admin/accounts/user/{member.pk}/password/", both))
    assert set(User.objects.values_list("username", "password")) == before


def test_a_limit_on_tries_says_when_to_come_again(db: None, client: Client) -> None:
    from django.core.cache import cache

    cache.clear()
    for _ in range(61):
        answer = client.post("/_allauth/app/v1/auth/signup", {}, content_type="application/json")
    refused(answer)
    cache.clear()
