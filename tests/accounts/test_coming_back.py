"""Who is sent to sign in on their way comes to where they were going, and nowhere else."""

import time
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.sign_in import editors
from chat.models import Room
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
]


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    cache.clear()


@pytest.fixture(params=["a room", "a message", "an editor"])
def link(request: pytest.FixtureRequest, private_room: Room) -> str:
    if request.param == "an editor":
        callback = editors.callback("vscode://mediachat.media-chat/signed-in")
        asked = editors.Asked(callback=callback, challenge="c" * 43, state="s" * 16)
        return f"/accounts/editor/{editors.issue_link(asked)}/"
    return f"/rooms/{private_room.pk}" + ("/7" if request.param == "a message" else "")


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def signs_in(client: Client, address: str, user: User) -> Any:
    return client.post(address, {"login": user.username, "password": PASSWORD} | asked_for(address))


def asked_for(address: str) -> dict[str, str]:
    """What the form on that page sends along."""
    page = Client().get(address)
    field = page.context["redirect_field_value"]
    return {"next": field} if field else {}


def test_by_signing_in_also_after_a_wrong_password(client: Client, member: User, link: str) -> None:
    entrance = client.get(link)["Location"]
    wrong = client.post(
        "/accounts/login/", {"login": "member", "password": "x"} | asked_for(entrance)
    )
    assert f'value="{link}"'.encode() in wrong.content
    assert signs_in(client, entrance, member)["Location"] == link


def test_by_making_an_account(client: Client, link: str) -> None:
    entrance = client.get(link)["Location"]
    sign_up = client.get(entrance).context["signup_url"]
    assert sign_up == f"/accounts/signup/?next={quote(link, safe='')}"
    new = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", new | asked_for(sign_up))["Location"] == link


def test_by_a_second_factor(client: Client, member: User, link: str) -> None:
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    RecoveryCodes.activate(member)
    entrance = client.get(link)["Location"]
    step = signs_in(client, entrance, member)["Location"]
    assert step.startswith("/accounts/2fa/authenticate/")
    assert client.post(step, {"code": "000000"}).status_code == 200
    assert client.post(step, {"code": code(secret)})["Location"] == link


def test_by_a_second_factor_that_has_to_be_set_up_first(
    client: Client, member: User, settings: Settings, private_room: Room
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    link = f"/rooms/{private_room.pk}/7"
    assert signs_in(client, client.get(link)["Location"], member)["Location"] == link
    set_up = client.get(link)["Location"]
    client.post(client.get(set_up)["Location"], {"password": PASSWORD}, follow=True)
    client.post(set_up, {"code": code(client.session["mfa.totp.secret"])})
    assert f'<a href="{link}">Go on</a>'.encode() in client.get("/accounts/2fa/").content


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_to_no_other_place(client: Client, member: User, elsewhere: str) -> None:
    new = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD, "next": elsewhere}
    assert Client().post("/accounts/signup/", new)["Location"] == "/"
    secret = generate_totp_secret()
    answer = client.post(
        "/accounts/login/", {"login": "member", "password": PASSWORD, "next": elsewhere}
    )
    assert answer["Location"] == "/"
    answer = client.post("/accounts/logout/", {"next": elsewhere})
    assert answer["Location"] == "/accounts/login/"
    TOTP.activate(member, secret)
    step = client.post(
        "/accounts/login/", {"login": "member", "password": PASSWORD, "next": elsewhere}
    )["Location"]
    done = client.post(step, {"code": code(secret), "next": elsewhere})
    assert done["Location"] == "/"


def test_a_room_of_others_is_as_one_that_does_not_exist(
    client: Client, member: User, outsider: User, private_room: Room, public_room: Room
) -> None:
    nobody = "/rooms/00000000-0000-4000-8000-000000000000"
    for address in (nobody, f"/rooms/{private_room.pk}"):
        assert client.get(address)["Location"] == f"/accounts/login/?next={address}"
    client.force_login(outsider)
    answers = [client.get(address) for address in (nobody, f"/rooms/{private_room.pk}")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert all(b"data-offer" not in answer.content for answer in answers)
    offered = client.get(f"/rooms/{public_room.pk}")
    assert offered.status_code == 200
    assert b"data-offer" in offered.content
    client.force_login(member)
    inside = client.get(f"/rooms/{private_room.pk}/3")
    assert inside.status_code == 200
    assert b"data-offer" not in inside.content
