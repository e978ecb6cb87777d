"""What people write stands in the direction of its own letters, wherever it stands."""

import time

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import (
    SCREENSHOTS,
    OpenChat,
    assert_accessible,
    send,
    until,
)
from tests.browser.test_admin import sign_in
from tests.chat.test_admin import LISTS
from tests.conftest import Serve
from tests.support.live import Server

pytestmark = pytest.mark.once

NAME, ROOM = "شارة الخير", "חדר הצוות"
THINGS = f"""
import uuid
from accounts.models import User
from chat.actions import messages
from chat.moderation import actions as moderation
from chat.actions.rooms import open_room
from chat.models import Attachment

owner, administrator = (User.objects.get(username=name) for name in ("owner", "administrator"))
sara = User.objects.create(username="שרה", display_name="{NAME}", password=owner.password)
open_room(owner, kind="public", name="חדר פתוח", members=["שרה"])
room = open_room(owner, kind="private", name="{ROOM}", members=["שרה", "member"])[0]
said = messages.send_message(sara, room=room.pk, client_id=uuid.uuid4(), body="مرحبا, hello.")
messages.edit_message(sara, message=said.pk, body="مرحبا! hello.")
messages.report_message(owner, message=said.pk, reason="לא יפה, he said.")
moderation.reveal_message(administrator, message=said.pk, reason="כדי לקרוא, it says.")
Attachment.objects.create(
    owner=sara, name="תכנית.pdf", content_type="application/pdf", size=5_000, file="attachments/a"
)
"""

UNDIRECTED = """() => {
  const turned = /[\\u0590-\\u08ff]/;
  const isolated = /\\u2068/;
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement: parent, data } = node;
    if (!turned.test(data) || isolated.test(data) || parent.closest("script, style")) continue;
    const place = parent.closest("[dir], bdi");
    if (!place || place.matches("html, body")) found.push(parent.outerHTML);
  }
  const fields = "input:not([type]), input[type=text], input[type=search], textarea";
  for (const field of document.querySelectorAll(fields)) {
    if (field.getAttribute("dir") !== "auto") found.push(field.outerHTML);
  }
  for (const code of document.querySelectorAll("pre, code")) {
    if (code.getAttribute("dir") !== "ltr") found.push(code.outerHTML);
  }
  for (const name of ["title", "aria-label", "placeholder", "label"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      const words = element.getAttribute(name);
      if (turned.test(words) && !isolated.test(words)) found.push(element.outerHTML);
    }
  }
  return found.map((html) => html.slice(0, 300));
}"""


def assert_directed(page: Page) -> None:
    """The admin's own scripts add fields a moment later, and ours their direction after that."""
    deadline = time.monotonic() + 5
    while found := page.evaluate(UNDIRECTED):
        assert time.monotonic() < deadline, (page.url, found)
        page.wait_for_timeout(20)


def close_dialog(page: Page) -> None:
    page.get_by_role("button", name="Close", exact=True).click()
    page.locator("dialog").wait_for(state="detached")


@pytest.fixture
def turned(serve: Serve) -> Server:
    server = serve(RATE_LIMITS="off")
    server.manage("shell", "--verbosity", "0", "--command", THINGS)
    return server


def test_the_page_gives_every_text_of_people_a_direction(
    turned: Server, open_chat: OpenChat
) -> None:
    one = open_chat("שרה", at=turned, viewport={"width": 1000, "height": 900})
    two = open_chat("owner", at=turned, viewport={"width": 1000, "height": 900})
    assert_directed(one)
    for page in (one, two):
        page.click(f".room-entry:has-text('{ROOM}')")
        page.locator("mc-room-header h2", has_text=ROOM).wait_for()
    for body in (
        "مرحبا بالجميع، this is Media Chat.",
        "`make run` יפעיל את השרת.\n\n- סעיף ראשון\n- second item\n\n> ציטוט, it said.",
        "| א | ב |\n|---|---|\n| ג | four |\n\n```python\nשלום = 'print'  # هنا\n```",
        "@owner תודה! https://example.org",
    ):
        send(one, body)
    said = two.locator("mc-message").filter(has_text="תודה").first
    said.wait_for()
    said.focus()
    said.get_by_role("button", name="Reply", exact=True).click()
    assert_directed(two)
    two.fill(".composer-text", "תשובה, yes.")
    two.press(".composer-text", "Enter")
    two.locator(".quote-body").wait_for()
    two.set_input_files(
        ".composer-file", {"name": "תכנית.txt", "mimeType": "text/plain", "buffer": b"plan"}
    )
    two.locator(".upload-size").wait_for()
    two.locator(".composer-text").press_sequentially("@שר")
    two.locator(".mention-option").wait_for()
    assert_directed(two)
    assert_accessible(two)
    two.screenshot(path=SCREENSHOTS / "directions.png")

    # It is how the browser sets it, and not only how it is marked.
    directions = """() => ["p", "ul", "li + li", "blockquote", "pre", "code"].map((each) => {
      const found = [...document.querySelectorAll(`.message-body ${each}`)].at(-1);
      return getComputedStyle(found).direction;
    })"""
    assert two.evaluate(directions) == ["rtl", "rtl", "rtl", "rtl", "ltr", "ltr"]
    # An item in letters of the other direction stands beside its bullet.
    beside = "getComputedStyle(document.querySelector('.message-body li + li')).textAlign"
    assert two.evaluate(beside) == "right"
    assert two.evaluate("getComputedStyle(document.querySelector('.composer-text')).direction") == (
        "rtl"
    )

    two.fill(".composer-text", "")
    two.press(".composer-text", "ArrowUp")
    two.locator("mc-message-editor textarea").wait_for()
    assert_directed(two)
    two.press("mc-message-editor textarea", "Escape")
    two.get_by_role("button", name="Members and details").click()
    two.locator(".members .found-entry").first.wait_for()
    assert_directed(two)
    close_dialog(two)
    said.focus()
    said.get_by_role("button", name="More actions").click()
    two.get_by_role("menuitem", name="Report…").click()
    assert_directed(two)
    close_dialog(two)
    two.get_by_role("button", name="Start chat").click()
    for tab in ("People", "New room", "Public rooms"):
        two.get_by_role("tab", name=tab).click()
        box = two.locator("dialog input:visible:not([type=radio])").last
        box.fill("חדר" if tab == "Public rooms" else "שר")
        entry = two.locator("dialog .found-entry").first
        entry.wait_for()
        assert_directed(two)
        box.fill("אין כזה")
        if tab != "New room":
            until(two, "document.querySelector('dialog .hint')?.textContent.includes('אין כזה')")
            assert_directed(two)
    close_dialog(two)
    two.get_by_role("button", name="Insert an emoji").click()
    two.get_by_label("Search emoji").fill("אין כזה")
    two.locator(".emoji-picker .hint").wait_for()
    assert_directed(two)
    for path in ("/accounts/profile/", "/accounts/password/change/"):
        one.goto(path)
        assert_directed(one)


def test_the_admin_gives_every_text_of_people_a_direction(
    turned: Server, open_page: OpenChat
) -> None:
    page = open_page(at=turned, viewport={"width": 1280, "height": 900})
    for path in ("/accounts/login/", "/accounts/signup/"):
        page.goto(path)
        assert_directed(page)
    sign_in(page)
    page.wait_for_load_state("load")
    assert_directed(page)
    for model in LISTS:
        page.goto(f"/admin/{model}/?q=")
        assert_directed(page)
        page.locator("#result_list a[href*='/change/']").first.click()
        page.wait_for_url("**/change/**")
        page.wait_for_load_state("load")
        assert_directed(page)
        if model == "chat/report":
            page.screenshot(path=SCREENSHOTS / "directions-admin.png")
    page.goto("/admin/accounts/user/?q=שרה")
    assert_directed(page)
    page.locator("#result_list a[href*='/change/']").first.click()
    page.wait_for_load_state("load")
    assert_directed(page)
    page.goto("/admin/chat/report/")
    page.locator("#result_list a[href*='/change/']").first.click()
    page.get_by_role("link", name="Reveal context").click()
    assert_directed(page)
    page.get_by_label("Reason").fill("כדי להבין, why.")
    page.get_by_role("button", name="Reveal context").click()
    page.locator(".mc-quoted").first.wait_for()
    assert_directed(page)
    page.goto("/admin/accounts/user/add/")
    assert_directed(page)
