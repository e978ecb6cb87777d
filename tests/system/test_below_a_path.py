"""A server below a path of its host (URL_PREFIX), behind nginx as we ship it, in Chromium; over
TLS too (HTTPS)."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.conftest import PASSWORD, Serve
from tests.support.live import Seeded
from tests.support.pictures import picture

TEAL: FilePayload = {
    "name": "picture.png",
    "mimeType": "image/png",
    "buffer": picture("PNG", (600, 400)),
}
pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]


def test_everything_works_below_a_path(
    serve: Serve, nginx: Callable[..., str], seeded: Seeded, browser: Browser
) -> None:
    server = serve(URL_PREFIX="/chat", TRUSTED_PROXY_COUNT="1")
    address = nginx(server, server, prefix="/chat")
    host = address.removesuffix("/chat")
    missing: list[str] = []
    with browser.new_context() as context:
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("requestfinished", lambda request: missing.extend(astray(request.url, host)))
        page.on("response", lambda answer: missing.extend(failed(answer.url, answer.status)))
        _page_and_files(page, address, seeded)
        paths = {cookie.get("path") for cookie in context.cookies() if "time" not in cookie["name"]}
        assert paths == {"/chat/"}
        _account_and_admin(page, address)
    # The one that was asked for, and that this person may not see.
    assert missing == [f"404 {address}/rooms/{seeded.rooms['private']}"]
    _programs(address, server.url)


def test_over_tls_and_below_a_path_nothing_leaves_either(
    serve: Serve, nginx: Callable[..., str], seeded: Seeded, browser: Browser
) -> None:
    server = serve(HTTPS="on", URL_PREFIX="/chat", TRUSTED_PROXY_COUNT="1")
    address = nginx(server, server, prefix="/chat", tls=True)
    sockets: list[str] = []
    redirects: list[str] = []
    with browser.new_context(ignore_https_errors=True) as context:
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.on("response", lambda answer: redirects.append(answer.headers.get("location", "")))
        page.goto(f"{address}/")
        page.wait_for_url(f"{address}/accounts/login/?next=/chat/")
        _page_and_files(page, address, seeded)
        page.goto(f"{address}/accounts/profile/")
        ours = {each["name"]: each for each in context.cookies() if each["name"] != "timezone"}
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{address}/accounts/login/")
    assert {"__Secure-sessionid", "__Secure-csrftoken"} <= ours.keys()
    for cookie in ours.values():
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/chat/", "127.0.0.1")
    assert set(sockets) == {f"wss{address.removeprefix('https')}/ws/"}
    assert len(ours) < len(redirects)
    assert all(to.startswith(("/chat/", f"{address}/")) for to in redirects if to), redirects

    with httpx.Client(verify=False) as http:
        login = http.get(f"{address}/accounts/login/")
        assert "max-age=" in login.headers["Strict-Transport-Security"]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', login.text)
        assert token
        form = {"login": "owner", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        for origin, status in (
            ("https://evil.example", 403),
            (address.removesuffix("/chat").replace("https", "http"), 403),
            (address.removesuffix("/chat"), 302),
        ):
            answer = http.post(f"{address}/accounts/login/", data=form, headers={"Origin": origin})
            assert answer.status_code == status, origin


def astray(url: str, host: str) -> list[str]:
    path = urlsplit(url).path
    return [url] if url.startswith(host) and not path.startswith("/chat/") else []


def failed(url: str, status: int) -> list[str]:
    return [f"{status} {url}"] if status >= 400 else []


def _page_and_files(page: Page, address: str, seeded: Seeded) -> None:
    page.goto(f"{address}/rooms/{seeded.rooms['private']}")
    page.fill("[name=login]", "administrator")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.get_by_text("There is no such room, or you are not in it.").wait_for()
    page.goto(f"{address}/rooms/{seeded.rooms['public']}")
    page.get_by_role("button", name="Join the room").click()
    text = page.get_by_role("textbox", name="Message The public room", exact=True)
    text.wait_for()
    page.set_input_files("input[type=file]", files=[TEAL])
    text.fill("Below a path")
    text.press("Enter")
    image = page.locator("mc-message .thumbnail img")
    expect(image).to_be_visible()
    assert image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    page.reload()
    expect(page.locator("mc-message", has_text="Below a path")).to_be_visible()
    assert page.url == f"{address}/rooms/{seeded.rooms['public']}"


def _account_and_admin(page: Page, address: str) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Two-step sign-in").click()
    page.wait_for_url(f"{address}/accounts/2fa/")
    page.get_by_role("link", name="Profile").click()
    page.wait_for_url(f"{address}/accounts/profile/")
    page.set_input_files(
        "input[type=file]",
        files=[TEAL],
    )
    page.get_by_role("button", name=re.compile("Save")).click()
    expect(page.locator("img[src^='/chat/media/avatars/']").first).to_be_visible()
    page.goto(f"{address}/admin/accounts/user/")
    page.get_by_role("link", name="member", exact=True).click()
    page.wait_for_url(f"{address}/admin/accounts/user/*/change/")
    page.goto(f"{address}/accounts/profile/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{address}/accounts/login/")


def _programs(address: str, direct: str) -> None:
    with httpx.Client() as http:
        assert http.get(f"{address}/healthz").status_code == 200
        assert http.get(f"{direct}/healthz").status_code == 200
        assert http.get(f"{direct}/accounts/login/").status_code == 404
        person = {"username": "owner", "password": PASSWORD}
        answer = http.post(f"{address}/_allauth/app/v1/auth/login", json=person)
        token = {"X-Session-Token": answer.json()["meta"]["session_token"]}
        assert http.get(f"{address}/embed/", headers=token).status_code == 200
        described = http.get(f"{address}/api/v1/openapi.json").json()
        assert all(path.startswith("/chat/api/v1/") for path in described["paths"])
        assert http.post(f"{address}/api/v1/tickets", headers=token).json()["ticket"]
        refused = http.post(
            f"{address}/api/v1/tickets", headers=token | {"Origin": "https://evil.example"}
        )
        assert refused.status_code == 403
