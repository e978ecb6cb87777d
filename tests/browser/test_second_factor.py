"""The way through a server that asks everyone for a second factor, as a person goes it."""

import time
from collections.abc import Callable
from typing import Literal

import httpx
import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible
from tests.conftest import PASSWORD, Serve
from tests.support.live import Server

pytestmark = pytest.mark.once

REASON = "This server asks you for a second factor beside your password"


def sign_in(page: Page, username: str, path: str) -> None:
    page.goto(path)
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


def set_one_up(page: Page) -> None:
    """Types the password again, and what an app on the phone would show."""
    page.wait_for_url("**/accounts/reauthenticate/**")
    expect(page.get_by_text(REASON)).to_be_visible()
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/2fa/totp/activate/")
    expect(page.get_by_text(REASON)).to_be_visible()
    assert_accessible(page)
    secret = page.input_value("#authenticator_secret")
    page.fill("[name=code]", format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.press("[name=code]", "Enter")
    page.wait_for_url("**/2fa/recovery-codes/")
    expect(page.get_by_text(REASON)).to_have_count(0)


def show(page: Page, name: str) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=SCREENSHOTS / f"second-factor-{name}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 300


def test_everyone_is_led_to_it_and_back(serve: Serve, open_page: OpenChat) -> None:
    server = serve(REQUIRE_SECOND_FACTOR="all")
    page = open_page(at=server, viewport={"width": 300, "height": 800})
    sign_in(page, "member", "/accounts/login/")
    page.wait_for_url("**/accounts/reauthenticate/**")
    show(page, "asked")
    set_one_up(page)
    show(page, "done")
    page.get_by_role("link", name="Go on").click()
    page.wait_for_selector("mc-account-menu .account", state="attached")


def test_staff_are_led_to_it_from_the_admin(serve: Serve, open_page: OpenChat) -> None:
    server = serve(REQUIRE_SECOND_FACTOR="staff")
    page = open_page(at=server)
    sign_in(page, "administrator", "/admin/accounts/user/")
    set_one_up(page)
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url("**/admin/accounts/user/")
    expect(page.get_by_role("link", name="member", exact=True)).to_be_visible()


# -- Sockets, whose doors have no page to lead to ----------------------------------------------


def _by_cookie(server: Server, http: httpx.Client, _ticket: str) -> int:
    cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    return _closing_code(
        lambda: connect(
            f"{server.socket_url}/ws/",
            origin=Origin(server.url),
            additional_headers={"Cookie": cookies},
        )
    )


def _by_ticket(server: Server, _http: httpx.Client, ticket: str) -> int:
    protocols = [Subprotocol("mediachat.v1"), Subprotocol(f"ticket.{ticket}")]
    return _closing_code(lambda: connect(f"{server.socket_url}/ws/client/", subprotocols=protocols))


def _closing_code(open_socket: Callable[[], object]) -> int:
    with open_socket() as socket:  # type: ignore[attr-defined]
        try:
            socket.recv(10)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
    return 0


def test_no_socket_opens_without(serve: Serve) -> None:
    server = serve(SECRET_KEY="0123456789abcdefghijklmnopqrstuvwxyz" * 2)
    with httpx.Client(base_url=server.url) as http:
        http.get("/accounts/login/")
        form = {"csrfmiddlewaretoken": http.cookies["csrftoken"]}
        form |= {"login": "member", "password": PASSWORD}
        http.post("/accounts/login/", data=form, headers={"Referer": server.url})
        http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
        http.headers["Referer"] = server.url
        ticket = http.post("/api/v1/tickets").json()["ticket"]
        assert _by_cookie(server, http, ticket) == 0
        server.stop()
        server.environment["REQUIRE_SECOND_FACTOR"] = "all"
        server.start()
        assert _by_cookie(server, http, ticket) == 4401
        assert _by_ticket(server, http, ticket) == 4401
        assert http.post("/api/v1/tickets").status_code == 401
