"""The page where a person lets an editor sign in as them, in a real browser."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from accounts.sign_in.editors import challenge_of
from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible
from tests.conftest import PASSWORD
from tests.support.live import Server

pytestmark = pytest.mark.once

VERIFIER = "v" * 43


@pytest.fixture
def editor() -> Iterator[ThreadingHTTPServer]:
    """What listens where VS Code would; the addresses that were asked for are in ``visited``."""

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visited.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>x</title>You can close this page now.")

        def log_message(self, *args: object) -> None:
            pass

    visited: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    server.visited = visited  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def link(server: Server, callback: str) -> str:
    """What the editor opens in the browser."""
    answer = httpx.post(
        f"{server.url}/_allauth/app/v1/auth/editor",
        json={"callback": callback, "challenge": challenge_of(VERIFIER), "state": "s" * 22},
    )
    return str(answer.json()["data"]["path"])


def callback_of(editor: ThreadingHTTPServer) -> str:
    query = {
        "vscode-reqid": "1",
        "vscode-scheme": "code-oss",
        "vscode-authority": "mediachat.media-chat",
        "vscode-path": "/signed-in",
    }
    return f"http://127.0.0.1:{editor.server_port}/callback?{urlencode(query)}"


def sign_in(page: Page, username: str) -> None:
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


def test_from_signed_out_to_an_editor_with_a_session(
    server: Server, open_page: OpenChat, editor: ThreadingHTTPServer
) -> None:
    page = open_page()
    page.goto(link(server, callback_of(editor)))
    sign_in(page, "crowd7")
    page.get_by_role("heading", name="Sign in to your editor?").wait_for()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("You can close this page now.").wait_for()

    visited = editor.visited  # type: ignore[attr-defined]
    (address,) = [path for path in visited if path.startswith("/callback")]
    query = parse_qs(urlsplit(address).query)
    assert query["state"] == ["s" * 22]
    answer = httpx.post(
        f"{server.url}/_allauth/app/v1/auth/editor/session",
        json={"code": query["code"][0], "verifier": VERIFIER},
    )
    assert answer.json()["data"]["user"]["username"] == "crowd7"
    page.goto(server.url)  # what the fixture looks at in the end is a page of ours


def test_another_account_can_be_used(
    server: Server, open_chat: OpenChat, editor: ThreadingHTTPServer
) -> None:
    page = open_chat("crowd8")
    page.goto(link(server, callback_of(editor)))
    page.get_by_role("button", name="Use another account").click()
    sign_in(page, "crowd9")
    page.get_by_text("as @crowd9").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_these_pages(server: Server, open_chat: OpenChat, scheme: str) -> None:
    for width in (1200, 320):
        size = {"width": width, "height": 700}
        page = open_chat("crowd5", color_scheme=scheme, viewport=size)
        page.goto("/accounts/editor/made-up/")
        assert_accessible(page)
        page.screenshot(path=SCREENSHOTS / f"editor-over-{scheme}-{width}.png")
        page.goto(link(server, "vscode://mediachat.media-chat/signed-in"))
        assert_accessible(page)
        page.screenshot(path=SCREENSHOTS / f"editor-{scheme}-{width}.png")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Open Visual Studio Code").wait_for()
        assert_accessible(page)
        page.screenshot(path=SCREENSHOTS / f"editor-done-{scheme}-{width}.png")
