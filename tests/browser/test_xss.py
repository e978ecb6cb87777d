"""What hostile people write, and how they name things, in a real browser: nothing runs."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenChat, enter_room, until
from tests.conftest import PASSWORD
from tests.support.live import Server
from tests.support.xss_corpus import BODIES, FILE_NAMES

pytestmark = pytest.mark.once

A_ROOM = 45
"""Messages that one page of history brings."""

# Whatever the corpus tries to run leaves a mark; whatever it tries to load is a request.
WATCH = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
  window[name] = (...values) => { window.ran.push(`${name}(${values})`); };
}
Object.defineProperty(window, "xss", { set() { window.ran.push("xss"); } });
"""

# Everything that a careless person's mouse and keyboard would set off, and what may be there.
PROVOKE = """() => {
  const found = [];
  const list = document.querySelector("mc-message-list");
  if (!list.querySelector("mc-message .message-main *")) found.push("no message is shown");
  for (const element of list.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) found.push(`${element.outerHTML.slice(0, 200)} has ${name}`);
      if (/^(href|src|action|formaction|data|xlink:href)$/i.test(name)
          && !/^(https?:|mailto:|blob:|data:image\\/|[/#]|$)/i.test(value)) {
        found.push(`${element.outerHTML.slice(0, 200)} goes to ${value}`);
      }
    }
    if (element.closest("mc-message .message-main")) {
      for (const type of ["mouseover", "mouseenter", "pointerover", "focus", "animationstart",
                          "toggle", "error", "load"]) {
        element.dispatchEvent(new Event(type));
      }
    }
  }
  for (const tag of ["script", "iframe", "object", "embed", "form[action]", "base", "meta",
                     "link", "style"]) {
    if (list.querySelector(tag)) found.push(`there is a ${tag}`);
  }
  return found;
}"""


def can_be_sent(text: str) -> bool:
    """Half characters and NUL are refused before anyone sees them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


@pytest.fixture
def hostile(server: Server) -> Iterator[httpx.Client]:
    """Someone hostile, signed in over the API."""
    with httpx.Client(base_url=server.url, timeout=20) as http:
        answer = http.post(
            "/_allauth/app/v1/auth/login", json={"username": "crowd34", "password": PASSWORD}
        )
        http.headers["X-Session-Token"] = answer.json()["meta"]["session_token"]
        yield http


def open_room(http: httpx.Client, name: str) -> str:
    answer = http.post(
        "/api/v1/rooms", json={"kind": "private", "name": name, "members": ["crowd35"]}
    )
    assert answer.is_success, answer.text
    return str(answer.json().get("room", answer.json())["id"])


def post(http: httpx.Client, room: str, **message: Any) -> str:
    answer = http.post(
        f"/api/v1/rooms/{room}/messages", json={"client_id": str(uuid.uuid4()), **message}
    )
    assert answer.is_success, (message, answer.text)
    return str(answer.json()["message"]["id"])


def watched(open_chat: OpenChat, server: Server) -> tuple[Page, list[str]]:
    """The victim's chat, and all that it asked of other hosts."""
    page = open_chat("crowd35", viewport={"width": 1200, "height": 900})
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((server.url, "data:", "blob:", "ws://127.0.0.1"))
            else foreign.append(request.url)
        ),
    )
    page.on("dialog", lambda dialog: foreign.append(f"dialog {dialog.message}"))
    page.add_init_script(WATCH)
    page.reload()
    return page, foreign


def assert_harmless(page: Page, foreign: list[str], shown: int) -> None:
    until(page, f"document.querySelectorAll('mc-message').length >= {shown}")
    assert page.evaluate(PROVOKE) == []
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") == []
    assert page.evaluate("window.violations") == []
    assert foreign == []


@pytest.mark.timeout(240)
def test_no_message_of_the_corpus_runs(
    server: Server, hostile: httpx.Client, open_chat: OpenChat
) -> None:
    bodies = [body for body in BODIES if can_be_sent(body) and body.strip()]
    assert len(bodies) >= 100
    rooms = []
    for number, start in enumerate(range(0, len(bodies), A_ROOM)):
        batch = bodies[start : start + A_ROOM]
        name = f"Corpus {number} {uuid.uuid4().hex[:6]}"
        room = open_room(hostile, name)
        rooms.append((name, len(batch)))
        last = None
        for body in batch:
            last = post(hostile, room, body=body[:20_000], reply_to=last)
    page, foreign = watched(open_chat, server)
    for name, count in rooms:
        enter_room(page, name)
        assert_harmless(page, foreign, count)


@pytest.mark.timeout(240)
def test_no_name_of_a_file_runs(server: Server, hostile: httpx.Client, open_chat: OpenChat) -> None:
    name = f"Files {uuid.uuid4().hex[:6]}"
    room = open_room(hostile, name)
    shown = 0
    for file_name in FILE_NAMES:
        if not can_be_sent(file_name):
            continue
        content, kind = b"<script>alert(1)</script>", "text/html"
        answer = hostile.post("/api/v1/attachments", files={"file": (file_name, content, kind)})
        assert answer.status_code < 500, (file_name, answer.text)
        if answer.is_success and shown < A_ROOM:
            post(hostile, room, attachments=[answer.json()["id"]])
            shown += 1
    assert shown > 20
    page, foreign = watched(open_chat, server)
    enter_room(page, name)
    assert_harmless(page, foreign, shown)


@pytest.mark.timeout(120)
def test_no_name_of_a_room_or_person_runs(
    server: Server, hostile: httpx.Client, open_chat: OpenChat
) -> None:
    names = ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "{{7*7}}${alert(1)}"]
    for name in names:
        post(hostile, open_room(hostile, name), body=f"in {name}")
    page, foreign = watched(open_chat, server)
    for name in names:
        page.locator(".room-entry").filter(has_text=name).first.click()
        page.wait_for_selector("mc-composer textarea")
        assert_harmless(page, foreign, 1)
