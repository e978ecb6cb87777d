"""A password is the same at every endpoint: with its spaces, and however its letters are typed."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import hashers as django_hashers
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.core.management import call_command
from django.forms import BaseForm
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from accounts.sign_in import first_administrator
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.once

SPACED = "  seven quiet otters 42 "
PRODUCTION = ["accounts.passwords.hashers.Argon2Hasher", "accounts.passwords.hashers.PBKDF2Hasher"]


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def program(path: str, body: dict[str, str], token: str = "") -> Any:
    headers = {"X-Session-Token": token} if token else {}
    return Client().post(
        f"/_allauth/app/v1/{path}",
        json.dumps(body),
        content_type="application/json",
        headers=headers,
    )


def opens(username: str, password: str) -> dict[str, bool]:
    """Which doors this password opens."""
    cache.clear()
    page = Client().post("/accounts/login/", {"login": username, "password": password})
    answer = program("auth/login", {"username": username, "password": password})
    again = Client()
    again.force_login(User.objects.get(username=username))
    reauthenticated = again.post("/accounts/reauthenticate/", {"password": password})
    return {
        "page": page.status_code == 302,
        "program": answer.status_code == 200,
        "again": reauthenticated.status_code == 302,
    }


def _token(username: str) -> str:
    answer = program("auth/login", {"username": username, "password": PASSWORD})
    return str(answer.json()["meta"]["session_token"])


def _by_page() -> str:
    Client().post(
        "/accounts/signup/", {"username": "ann", "password1": SPACED, "password2": SPACED}
    )
    return "ann"


def _by_program() -> str:
    program("auth/signup", {"username": "ann", "password": SPACED})
    return "ann"


def _changed_on_page() -> str:
    client = Client()
    client.force_login(person("ann"))
    change = {"oldpassword": PASSWORD, "password1": SPACED, "password2": SPACED}
    client.post("/accounts/password/change/", change)
    return "ann"


def _changed_by_program() -> str:
    person("ann")
    change = {"current_password": PASSWORD, "new_password": SPACED}
    program("account/password/change", change, _token("ann"))
    return "ann"


def _changed_back_and_forth() -> str:
    """The old password has its spaces too."""
    username = _changed_by_program()
    answer = program("auth/login", {"username": username, "password": SPACED})
    token = answer.json()["meta"]["session_token"]
    other = f"{SPACED} "
    first = {"current_password": SPACED, "new_password": other}
    assert program("account/password/change", first, token).status_code == 200
    client = Client()
    client.force_login(User.objects.get(username=username))
    change = {"oldpassword": other, "password1": SPACED, "password2": SPACED}
    assert client.post("/accounts/password/change/", change).status_code == 302
    return username


def _added_by_administrator() -> str:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))
    both = {"usable_password": "true", "password1": SPACED, "password2": SPACED}
    client.post("/admin/accounts/user/add/", {"username": "ann", **both})
    return "ann"


def _changed_by_administrator() -> str:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))
    both = {"usable_password": "true", "password1": SPACED, "password2": SPACED}
    client.post(f"/admin/accounts/user/{person('ann').pk}/password/", both)
    return "ann"


def _first_administrator() -> str:
    path = reverse("accounts_first_administrator", args=[first_administrator.token()])
    Client().post(path, {"username": "ann", "password": SPACED, "again": SPACED})
    return "ann"


ENDPOINTS: list[Callable[[], str]] = [
    _by_page,
    _by_program,
    _changed_on_page,
    _changed_by_program,
    _changed_back_and_forth,
    _added_by_administrator,
    _changed_by_administrator,
    _first_administrator,
]


@pytest.mark.parametrize("door", ENDPOINTS, ids=lambda door: door.__name__.strip("_"))
def test_spaces_around_a_password_are_a_part_of_it(db: None, door: Callable[[], str]) -> None:
    username = door()
    assert opens(username, SPACED) == {"page": True, "program": True, "again": True}
    assert not any(opens(username, SPACED.strip()).values())


def test_on_the_command_line_too(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", SPACED)
    call_command("createsuperuser", interactive=False, username="ann", email="")
    assert opens("ann", SPACED) == {"page": True, "program": True, "again": True}


def test_by_a_link_that_was_sent(db: None, settings: Any) -> None:
    from allauth.account.forms import ResetPasswordKeyForm
    from allauth.headless.account.inputs import ResetPasswordInput

    user = person("ann")
    form = ResetPasswordKeyForm(
        {"password1": SPACED, "password2": SPACED},
        user=user,
        temp_key=default_token_generator.make_token(user),
    )
    assert form.is_valid(), form.errors
    form.save()
    assert user.check_password(SPACED)
    from allauth.account.forms import default_token_generator as tokens
    from allauth.account.utils import user_pk_to_url_str

    key = f"{user_pk_to_url_str(user)}-{tokens.make_token(user)}"
    given = ResetPasswordInput({"key": key, "password": SPACED})
    assert given.is_valid(), given.errors
    assert given.cleaned_data["password"] == SPACED


def _forms(kind: type[Any]) -> Iterator[type[BaseForm]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _forms(each)


def test_no_form_drops_the_spaces_of_a_password() -> None:
    _ = get_resolver().url_patterns  # all pages, and so all of their forms
    fields = {
        f"{form.__module__}.{form.__qualname__}.{name}": field
        for form in _forms(BaseForm)
        for name, field in getattr(form, "base_fields", {}).items()
        if "password" in name and type(field).__name__ != "ChoiceField"
    }
    assert "allauth.headless.account.inputs.LoginInput.password" in fields
    assert [name for name, field in fields.items() if getattr(field, "strip", False)] == []


# -- One form of letters -----------------------------------------------------------------------

NFC = "café crème brûlée"
NFD = unicodedata.normalize("NFD", NFC)
WIDE = NFC.replace("c", chr(0xFF43))  # as a wide letter


def test_a_password_is_the_same_however_its_letters_are_put_together(
    db: None, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = PRODUCTION
    for set_with, typed in ((NFC, NFD), (NFD, NFC), (NFC, WIDE)):
        User.objects.all().delete()
        program("auth/signup", {"username": "ann", "password": set_with})
        assert all(opens("ann", typed).values()), (set_with, typed)
        assert not any(opens("ann", "cafe creme brulee").values())


def _wide(password: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in password)


WEAK = ["password123", _wide("password123"), "e\u0301" * 4, "\u2460" * 9]
"""Of the third four letters are hashed, and of the fourth nine digits."""


@pytest.mark.parametrize("password", WEAK)
def test_what_is_hashed_is_no_weak_password(db: None, password: str) -> None:
    answer = program("auth/signup", {"username": "annabella", "password": password})
    assert {each["param"] for each in answer.json()["errors"]} == {"password"}
    _sign_up_on_page(password)
    assert not User.objects.filter(username="annabella").exists()


def test_nor_is_it_like_the_name(db: None) -> None:
    _sign_up_on_page(_wide("annabella7"))
    assert not User.objects.filter(username="annabella").exists()
    _sign_up_on_page(_wide("seven quiet otters".replace(" ", "-")))
    assert User.objects.filter(username="annabella").exists()


def _sign_up_on_page(password: str) -> None:
    fields = {"username": "annabella", "password1": password, "password2": password}
    Client().post("/accounts/signup/", fields)


@pytest.mark.parametrize("kind", ["argon2", "ours before", "pbkdf2"])
def test_a_password_from_before_opens_as_it_was_typed_and_is_replaced(
    db: None, settings: Any, kind: str
) -> None:
    settings.PASSWORD_HASHERS = PRODUCTION
    ours = django_hashers.Argon2PasswordHasher()
    ours.memory_cost, ours.parallelism = 19_456, 1
    old: Any = {
        "argon2": django_hashers.Argon2PasswordHasher(),
        "ours before": ours,
        "pbkdf2": django_hashers.PBKDF2PasswordHasher(),
    }[kind]
    user = person("ann")
    user.password = old.encode(NFD, "asaltofsomelengthasDjango")
    user.save(update_fields=["password"])
    before = user.password
    assert not any(opens("ann", NFC).values())
    user.refresh_from_db()
    assert user.password == before
    assert all(opens("ann", NFD).values())
    assert all(opens("ann", NFC).values())


def test_a_guess_costs_one_hash_whoever_exists(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = PRODUCTION
    from accounts.passwords import hashers

    class Counted(hashers.HashingThread):
        count = 0

        def run(self, work: Callable[[], Any]) -> Any:
            self.count += 1
            return super().run(work)

    person("new").set_password(NFC)
    User.objects.filter(username="new").update(password=django_hashers.make_password(NFC))
    old = person("old")
    old.password = django_hashers.Argon2PasswordHasher().encode(NFD, "asaltofsomelengthasDjango")
    old.save(update_fields=["password"])
    with pytest.MonkeyPatch.context() as patch:
        for username in ("new", "old", "nobody"):
            patch.setattr(hashers, "hashing_thread", counted := Counted())
            Client().post("/accounts/login/", {"login": username, "password": f"{NFD} wrong"})
            assert counted.count == 1, username
