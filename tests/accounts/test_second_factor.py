"""Who has to have a second factor gets nowhere without one, at any endpoint."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.sessions.second_factor import FOR_PROGRAMS
from accounts.sessions.signed_in import user_for_token
from accounts.sign_in import first_administrator
from chat.api.downloads import key_for
from chat.models import Attachment, Room
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

HEADLESS = "/_allauth/app/v1"
SET_UP = "/accounts/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    cache.clear()


def sign_in(user: User) -> Client:
    client = Client()
    assert (
        client.post("/accounts/login/", {"login": user.username, "password": PASSWORD}).status_code
        == 302
    )
    return client


def sign_in_as_program(user: User) -> Any:
    return Client().post(
        f"{HEADLESS}/auth/login",
        {"username": user.username, "password": PASSWORD},
        content_type="application/json",
    )


def set_up(client: Client) -> Any:
    """What a person does: types their password again, and the code that their app shows."""
    asked = client.get(SET_UP)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    page = client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert page.request["PATH_INFO"] == SET_UP
    secret = client.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    answer = client.post(SET_UP, {"code": code})
    assert answer.status_code == 302, answer.content
    return answer


def leads_to_set_up(answer: Any) -> bool:
    return bool(answer.status_code == 302 and answer["Location"] == SET_UP)


def missing_steps(answer: Any) -> list[str]:
    """What a program's answer says is missing."""
    assert answer.status_code == 401, answer.content
    flows = answer.json()["data"]["flows"]
    return [flow["id"] for flow in flows if flow.get("is_pending")]


# -- Everyone ----------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    "path",
    ["/", "/accounts/profile/", "/accounts/sessions/", "/accounts/password/change/", "/nowhere/"],
)
def test_every_page_leads_to_where_a_second_factor_is_set_up(
    member: User, settings: Settings, path: str
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    client = sign_in(member)
    assert leads_to_set_up(client.get(path))
    assert leads_to_set_up(client.post(path))
    assert b"a second factor beside your password" in client.get(SET_UP, follow=True).content


@pytest.mark.once
def test_a_form_that_is_sent_all_the_same_changes_nothing(member: User, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    client = sign_in(member)
    assert leads_to_set_up(client.post("/accounts/profile/", {"display_name": "Somebody else"}))
    member.refresh_from_db()
    assert member.display_name == "Member"


@pytest.mark.once
def test_one_can_sign_out_without(member: User, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    client = sign_in(member)
    assert client.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.once
def test_with_a_second_factor_everything_is_as_always(member: User, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    client = sign_in(member)
    client.get("/accounts/profile/")
    set_up(client)
    # The page with the recovery codes says how to go on.
    assert b'<a href="/accounts/profile/">Go on</a>' in client.get("/accounts/2fa/").content
    assert client.get("/accounts/profile/").status_code == 200
    assert b"Go on" not in client.get("/accounts/2fa/").content
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/rooms").status_code == 200
    assert missing_steps(sign_in_as_program(member)) == ["mfa_authenticate"]


def test_a_session_of_before_is_worth_nothing_at_any_door(
    member: User, private_room: Room, settings: Settings
) -> None:
    file = Attachment.objects.create(owner=member, name="a.txt", content_type="text/plain", size=1)
    key = key_for(member, file.pk)
    token = sign_in_as_program(member).json()["meta"]["session_token"]
    with_token = Client(headers={"X-Session-Token": token})
    with_cookie = sign_in(member)
    settings.REQUIRE_SECOND_FACTOR = "all"
    assert user_for_token(token) is None
    room = f"/api/v1/rooms/{private_room.pk}/messages"
    for answer in (
        with_token.post("/api/v1/tickets"),
        with_token.get("/api/v1/rooms"),
        with_token.get(room),
        with_token.post(room, {}, content_type="application/json"),
        with_token.post("/api/v1/attachments"),
        with_token.get("/embed/"),
        with_cookie.get("/api/v1/rooms"),
        with_cookie.post("/api/v1/tickets"),
    ):
        assert answer.status_code == 401
        assert answer.json() == {"code": "unauthenticated", "detail": FOR_PROGRAMS}
    assert with_token.get(f"/media/{file.pk}/a.txt").status_code == 404
    assert with_cookie.get(f"/media/{file.pk}/a.txt").status_code == 404
    assert Client().get(f"/media/{file.pk}/a.txt?key={key}").status_code == 404
    for path in ("auth/session", "account/authenticators", "account/authenticators/totp"):
        assert missing_steps(with_token.get(f"{HEADLESS}/{path}")) == ["mfa_setup"], path
    change = {"current_password": PASSWORD, "new_password": "another correct horse"}
    answer = with_token.post(f"{HEADLESS}/account/password/change", change, "application/json")
    assert missing_steps(answer) == ["mfa_setup"]
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    # They may still end it.
    with_token.delete(f"{HEADLESS}/auth/session")
    settings.REQUIRE_SECOND_FACTOR = "none"
    assert user_for_token(token) is None


@pytest.mark.once
def test_a_program_is_told_which_step_is_missing(member: User, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    answer = sign_in_as_program(member)
    assert missing_steps(answer) == ["mfa_setup"]
    assert not answer.json()["meta"]["is_authenticated"]
    token = answer.json()["meta"]["session_token"]
    assert user_for_token(token) is None
    new = {"username": "ann", "password": "correct horse 42"}
    up = Client().post(f"{HEADLESS}/auth/signup", new, content_type="application/json")
    assert missing_steps(up) == ["mfa_setup"]
    # What it holds is no session, also when they have set one up meanwhile.
    set_up(sign_in(member))
    assert user_for_token(token) is None


def test_an_editor_gets_no_session_by_way_of_the_browser(member: User, settings: Settings) -> None:
    from tests.accounts.test_editors import page

    settings.REQUIRE_SECOND_FACTOR = "all"
    client = sign_in(member)
    link = page()
    assert leads_to_set_up(client.get(link))
    assert leads_to_set_up(client.post(link))
    set_up(client)
    assert link in client.get("/accounts/2fa/").content.decode()
    assert client.get(link).status_code == 200


def test_what_a_password_alone_had_opened_ends_when_a_second_factor_is_set_up(
    member: User, settings: Settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    thief, client = sign_in(member), sign_in(member)
    set_up(client)
    assert client.get("/").status_code == 200
    assert thief.get("/")["Location"].startswith("/accounts/login/")


@pytest.mark.once
def test_the_first_administrator_sets_one_up_first(
    db: None, client: Client, settings: Settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    made = client.post(
        f"/accounts/first-administrator/{first_administrator.token()}/",
        {"username": "root", "password": PASSWORD, "again": PASSWORD},
    )
    assert made.status_code == 302
    assert leads_to_set_up(client.get("/"))
    assert leads_to_set_up(client.get("/admin/"))
    set_up(client)
    assert client.get("/admin/").status_code == 200


# -- Staff -------------------------------------------------------------------------------------


@pytest.mark.once
def test_no_page_of_the_admin_works_for_staff_without(
    administrator: User, member: User, settings: Settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "staff"
    client = sign_in(administrator)
    for path in ("/admin/", f"/admin/accounts/user/{member.pk}/change/", "/admin/jsi18n/"):
        assert leads_to_set_up(client.get(path)), path
    suspend = f"/admin/accounts/user/{member.pk}/suspend_user/"
    assert leads_to_set_up(client.post(suspend, {"reason": "Spam"}))
    member.refresh_from_db()
    assert member.is_active
    # They are people too.
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/rooms").status_code == 200
    client.get(f"/admin/accounts/user/{member.pk}/change/")
    set_up(client)
    assert (
        f"/admin/accounts/user/{member.pk}/change/" in client.get("/accounts/2fa/").content.decode()
    )
    assert client.get("/admin/").status_code == 200


@pytest.mark.once
def test_people_who_are_not_staff_need_none(member: User, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "staff"
    client = sign_in(member)
    assert client.get("/").status_code == 200
    assert b"a second factor beside your password" not in client.get("/accounts/profile/").content
    assert sign_in_as_program(member).status_code == 200


@pytest.mark.parametrize("who", ["staff", "all"])
def test_nobody_takes_it_away_again(administrator: User, settings: Settings, who: str) -> None:
    settings.REQUIRE_SECOND_FACTOR = who
    client = sign_in(administrator)
    set_up(client)
    answer = client.post("/accounts/2fa/totp/deactivate/")
    assert b"cannot deactivate" in answer.content
    assert Authenticator.objects.filter(user=administrator, type="totp").exists()


@pytest.mark.parametrize("who", ["staff", "all"])
def test_when_it_is_gone_all_the_same_every_session_has_ended(
    administrator: User, settings: Settings, who: str
) -> None:
    settings.REQUIRE_SECOND_FACTOR = who
    client = sign_in(administrator)
    set_up(client)
    Authenticator.objects.filter(user=administrator).delete()
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert leads_to_set_up(sign_in(administrator).get("/admin/"))


@pytest.mark.once
def test_recovery_codes_alone_are_no_second_factor(member: User, settings: Settings) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    settings.REQUIRE_SECOND_FACTOR = "all"
    RecoveryCodes.activate(member)
    assert leads_to_set_up(sign_in(member).get("/"))


@pytest.mark.once
def test_without_the_setting_nobody_is_asked(administrator: User) -> None:
    client = sign_in(administrator)
    assert client.get("/admin/").status_code == 200
    set_up(client)
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=administrator).exists()
