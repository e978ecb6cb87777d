"""Browsers with people signed in, who fail their test when the page breaks its own rules."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import databases
from tests.browser.contexts import Contexts
from tests.conftest import PASSWORD
from tests.support import sessions
from tests.support.live import ROOT, Server

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "artefacts" / "screenshots"
if databases.kind() != "sqlite":
    SCREENSHOTS /= databases.kind()

Journey = Callable[[Page], None]


class OpenChat(Protocol):
    def __call__(
        self, username: str = "", *, at: Server | None = None, kept: bool = True, **options: Any
    ) -> Page: ...


@pytest.fixture(scope="module")
def contexts(browser: Browser, _shared_server: Server) -> Iterator[Contexts]:
    contexts = Contexts(browser, _shared_server.url)
    yield contexts
    contexts.close()


@pytest.fixture
def open_page(
    contexts: Contexts, server: Server, request: pytest.FixtureRequest
) -> Iterator[OpenChat]:
    """Opens a page in a browser of its own; at the end none may have met an error or
    anything that the content security policy forbids. With ``kept=False`` it is a browser that no
    other test has had or gets: for what cannot be taken back, such as a clock."""
    opened: list[tuple[BrowserContext, Page, list[str]]] = []

    def start(
        username: str = "", *, at: Server | None = None, kept: bool = True, **options: Any
    ) -> Page:
        page = contexts.page((at or server).url, kept=kept, **options)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        opened.append((page.context, page, errors))
        return page

    yield start
    report = getattr(request.node, "rep_call", None)
    passed = report is not None and report.passed
    for context, page, errors in opened:
        assert not errors, errors
        if page.url.startswith("http"):
            assert page.evaluate("window.violations") == []
        contexts.give_back(context, passed=passed)


@pytest.fixture
def open_chat(open_page: OpenChat, server: Server) -> Iterator[OpenChat]:
    """Opens the chat with this person signed in: with a session that they have already, as
    every form means a hash, or by the form if another page of this test has that one."""
    lent: list[tuple[str, str, str]] = []

    def start(
        username: str = "", *, at: Server | None = None, kept: bool = True, **options: Any
    ) -> Page:
        page = open_page(username, at=at, kept=kept, **options)
        address = (at or server).url
        if token := sessions.take(address, username):
            lent.append((address, username, token))
            page.context.add_cookies([{"name": "sessionid", "value": token, "url": address}])
            page.goto("/")
        if not token or "/accounts/login/" in page.url:
            sign_in(page, username)
        page.wait_for_selector("mc-account-menu .account", state="attached")
        return page

    yield start
    for each in lent:
        sessions.give_back(*each)


def sign_in(page: Page, username: str) -> None:
    """By the form, as a person does."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


def send(page: Page, text: str) -> None:
    page.fill(".composer-text", text)
    page.press(".composer-text", "Enter")


def enter_room(page: Page, name: str) -> None:
    page.click(f".room-entry:has-text('{name}')")
    page.get_by_role("textbox", name=f"Message {name}", exact=True).wait_for()


def talk_to(page: Page, username: str) -> None:
    """Opens the direct room with this person through the dialog."""
    page.get_by_role("button", name="Start chat").click()
    page.get_by_label("Who do you want to talk to?").fill(username)
    page.get_by_role("option").filter(has_text=f"@{username}").first.click()
    page.get_by_role("textbox", name=f"Message {username}", exact=True).wait_for()


def try_now(page: Page) -> None:
    """Asks for the connection at once, unless it has come back by itself and the button is gone."""
    page.evaluate(
        """[...document.querySelectorAll("button")]
           .find((button) => button.textContent.trim() === "Try now")?.click()"""
    )


def until(page: Page, condition: str, seconds: float = 10) -> None:
    """Waits for a JavaScript expression; the page's policy forbids Playwright's own way."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never true: {condition}"
        page.wait_for_timeout(20)


def assert_accessible(page: Page) -> None:
    """No rule of axe-core is broken in what the page shows now."""
    page.wait_for_timeout(50)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document).then(({ violations }) => violations)")
    told = [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
    assert not told, "\n".join(told)
