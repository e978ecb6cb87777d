"""Who may try how many passwords, and that nobody locks anybody else out."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.sign_in import guessing
from mediachat.addresses import networks, trusted_address
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.once

MISMATCH, TOO_MANY = "username_password_mismatch", "too_many_login_attempts"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(db: None, settings: Any) -> Iterator[None]:
    settings.TRUSTED_PROXY_COUNT = 1
    cache.clear()
    person("member")
    yield
    cache.clear()


def program(name: str, password: str, address: str, client: Client | None = None) -> str:
    """What a program is told from this address: "in", or the error's code."""
    answer = (client or Client()).post(
        "/_allauth/app/v1/auth/login",
        {"username": name, "password": password},
        content_type="application/json",
        headers={"X-Forwarded-For": address},
    )
    return "in" if answer.status_code == 200 else str(answer.json()["errors"][0]["code"])


def browser(client: Client, password: str, address: str, name: str = "member") -> bool:
    """Whether a browser is let in from this address."""
    fields = {"login": name, "password": password}
    answer = client.post("/accounts/login/", fields, headers={"X-Forwarded-For": address})
    return answer.status_code == 302


def signed_in_before(address: str = "192.0.2.1") -> Client:
    """A browser in which the member was signed in, and is no longer."""
    client = Client()
    assert browser(client, PASSWORD, address)
    client.post("/accounts/logout/", headers={"X-Forwarded-For": address})
    assert "_auth_user_id" not in client.session
    return client


# -- Nobody locks anybody out --------------------------------------------------------------------


def test_five_wrong_passwords_from_somewhere_close_the_door_there_alone() -> None:
    codes = [program("member", "wrong", "203.0.113.5") for _ in range(7)]
    assert codes == [MISMATCH] * 5 + [TOO_MANY] * 2
    assert program("member", PASSWORD, "203.0.113.5") == TOO_MANY
    assert program("member", PASSWORD, "198.51.100.1") == "in"
    assert browser(Client(), PASSWORD, "198.51.100.2")


def test_a_browser_that_was_signed_in_is_let_in_whatever_others_do() -> None:
    client = signed_in_before()
    for network in range(40):
        for _ in range(5):
            program("member", "wrong", f"203.0.{network}.5")
    for _ in range(10):
        program("member", "wrong", "192.0.2.1")
    # From where nobody has signed in, with no cookie, the name is closed for a while.
    assert program("member", PASSWORD, "198.51.100.1") == TOO_MANY
    assert browser(client, PASSWORD, "192.0.2.1")
    assert browser(signed_in_elsewhere(client), PASSWORD, "198.51.100.9")


def signed_in_elsewhere(client: Client) -> Client:
    """The same browser, carried to another network, after signing out."""
    client.post("/accounts/logout/", headers={"X-Forwarded-For": "198.51.100.9"})
    return client


def test_a_program_is_let_in_from_where_it_signed_in_before() -> None:
    assert program("member", PASSWORD, "192.0.2.1") == "in"
    for network in range(40):
        for _ in range(5):
            program("member", "wrong", f"203.0.{network}.5")
    for neighbour in range(2, 90):
        program(f"nobody{neighbour}", "wrong", f"192.0.2.{neighbour}")
    assert program("member", PASSWORD, "192.0.2.200") == TOO_MANY
    # Nor by what somebody behind the same address tries of other names.
    for number in range(40):
        program(f"made-up{number}", "wrong", "192.0.2.1")
    assert program("outsider", PASSWORD, "192.0.2.1") == TOO_MANY
    assert program("member", PASSWORD, "192.0.2.1") == "in"


def test_a_browser_that_was_signed_in_has_no_more_tries_than_others() -> None:
    client = signed_in_before()
    assert not any(browser(client, "wrong", f"192.0.{n}.1") for n in range(guessing.OF_DEVICE))
    assert not browser(client, PASSWORD, "192.0.2.1")
    # And its cookie is worth nothing for other names.
    person("outsider")
    codes = [program("outsider", "wrong", "192.0.2.1", client) for _ in range(guessing.OF_DEVICE)]
    assert codes.count(MISMATCH) == 5


def test_the_cookie_is_the_servers_and_opens_nothing() -> None:
    client = signed_in_before()
    cookie = client.cookies["device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert "member" not in cookie.value
    assert client.get("/accounts/profile/").status_code == 302
    client.cookies["device"] = cookie.value[:-2] + "xx"
    for _ in range(5):
        assert not browser(client, "wrong", "203.0.113.5")
    assert not browser(client, PASSWORD, "203.0.113.5")


def test_a_browser_knows_the_five_last_people() -> None:
    client = Client()
    for n in range(7):
        person(f"person{n}")
        assert browser(client, PASSWORD, "192.0.2.1", f"person{n}")
        client.post("/accounts/logout/")
    for n in range(7):
        device = _device_for(client, f"person{n}")
        assert (device is not None) == (n >= 2)


def _device_for(client: Client, name: str) -> str | None:
    from django.test import RequestFactory

    from accounts.sign_in import devices

    request = RequestFactory().get("/accounts/login/")
    request.COOKIES["device"] = client.cookies["device"].value
    return devices.known(request, name)


def test_right_passwords_are_not_counted() -> None:
    for n in range(60):
        person(f"person{n}")
    assert {program(f"person{n}", PASSWORD, "192.0.2.1") for n in range(60)} == {"in"}
    assert {program("member", PASSWORD, "192.0.2.1") for _ in range(10)} == {"in"}


def test_a_new_password_is_not_closed_by_what_was_tried_of_the_old() -> None:
    for network in range(30):
        for _ in range(5):
            program("member", "wrong", f"203.0.{network}.5")
    assert program("member", PASSWORD, "198.51.100.1") == TOO_MANY
    member = User.objects.get()
    member.set_password("another horse 42")
    member.save()
    assert program("member", "another horse 42", "198.51.100.1") == "in"


# -- Nobody guesses ----------------------------------------------------------------------------


def test_forty_names_from_one_48_are_not_guessed_at_full_speed() -> None:
    codes = [
        program(f"nobody{name}", "wrong", f"2001:db8:7:{name:x}{each}::1")
        for each in range(5)
        for name in range(40)
    ]
    assert codes.count(MISMATCH) == guessing.FROM_WIDE_NETWORK
    assert program("somebody", "wrong", "2001:db8:8::1") == MISMATCH


def test_many_names_from_one_address_are_not_guessed_at_full_speed() -> None:
    codes = [program(f"nobody{n}", "wrong", "203.0.113.5") for n in range(50)]
    assert codes == [MISMATCH] * guessing.FROM_NETWORK + [TOO_MANY] * 20
    codes = [program(f"nobody{n}", "wrong", f"203.0.113.{n}") for n in range(6, 90)]
    assert codes.count(MISMATCH) == guessing.FROM_WIDE_NETWORK - guessing.FROM_NETWORK


def test_one_name_is_not_guessed_from_all_of_a_64_or_a_24() -> None:
    codes = [program("member", "wrong", f"2001:db8::{n:x}") for n in range(8)]
    assert codes.count(MISMATCH) == 5
    codes = [program("member", "wrong", f"203.0.113.{n}") for n in range(50)]
    assert codes.count(MISMATCH) == guessing.OF_NAME_FROM_WIDE_NETWORK


def test_one_name_is_not_guessed_from_everywhere() -> None:
    codes = [program("member", "wrong", f"203.{n}.113.5") for n in range(150)]
    assert codes.count(MISMATCH) == guessing.OF_NAME


def test_a_name_is_one_name_however_it_is_written() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "member")
    spellings = ["member", "MEMBER", "Member", wide, "mEmber", "meMber"]
    codes = [program(name, "wrong", "203.0.113.5") for name in spellings]
    assert codes == [MISMATCH] * 5 + [TOO_MANY]


def test_made_up_hops_before_the_trusted_proxy_do_not_count() -> None:
    codes = [program("member", "wrong", f"198.51.{n}.1, 203.0.113.5") for n in range(6)]
    assert codes == [MISMATCH] * 5 + [TOO_MANY]


def test_a_stolen_session_is_no_way_to_guess_the_password() -> None:
    client = Client()
    assert browser(client, PASSWORD, "192.0.2.1")
    codes = [
        client.post(f"/accounts/{path}/", {"password": "wrong", "oldpassword": "wrong"}).status_code
        for path in ["reauthenticate"] * 20 + ["password/change"] * 20
    ]
    # allauth's limits by person answer 429.
    assert codes[:10].count(200) == 10
    assert codes[10:20] == [429] * 10
    assert codes[20:].count(200) == 5


def test_codes_of_a_second_factor_are_not_guessed() -> None:
    member = User.objects.get()
    totp.TOTP.activate(member, totp.generate_totp_secret())
    client = Client()
    browser(client, PASSWORD, "192.0.2.1")
    said = [
        client.post(
            "/accounts/2fa/authenticate/",
            {"code": f"{n:06d}"},
            headers={"X-Forwarded-For": f"203.0.{n}.1"},
        ).content
        for n in range(8)
    ]
    assert [b"Incorrect code" in each for each in said] == [True] * 5 + [False] * 3
    # Another attempt, with the password again, has no more tries.
    again = Client()
    browser(again, PASSWORD, "198.51.100.1")
    answer = again.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert b"Incorrect code" not in answer.content
    # Nor does the browser count as one that was signed in.
    assert "device" not in client.cookies
    # A new password closes that way, and opens the person's own.
    member.set_password("another horse 42")
    member.save()
    browser(client, "another horse 42", "192.0.2.1")
    answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert b"Incorrect code" in answer.content


# -- Addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "narrow", "wide"),
    [
        ("192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", "", ""),
        ("unix:", "unix:", "unix:"),
    ],
)
def test_networks(address: str, narrow: str, wide: str) -> None:
    assert networks(address) == (narrow, wide)


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "198.51.100.9, 198.51.100.1", "198.51.100.1"),
        (2, "198.51.100.9, 198.51.100.1", "198.51.100.9"),
        (2, "198.51.100.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        # Some proxies add the port, which is another one each time.
        (1, "198.51.100.1:40001", "198.51.100.1"),
        (1, "[2001:db8::1]:40001", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "2001:DB8:0::1%eth0", "2001:db8::1"),
        (1, "198.51.100.1:", "192.0.2.1"),
        (1, "unknown", "192.0.2.1"),
        (1, "somebody-17", "192.0.2.1"),
    ],
)
def test_an_address_comes_from_as_many_proxies_as_are_trusted(
    settings: Any, count: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = count
    assert trusted_address(forwarded, "192.0.2.1") == address
