"""What is written and not sent stays: over reloads, beside other tabs, and where the browser has no
room for it."""

import uuid

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import OpenChat, assert_accessible, enter_room, send, until

pytestmark = pytest.mark.once

# Fills the storage to its last character.
FILL = """() => {
  for (const size of [2 ** 20, 1000, 1]) {
    try {
      for (let n = 0; ; n++) localStorage.setItem(`filler ${size} ${n}`, "x".repeat(size));
    } catch {}
  }
}"""


def test_a_draft_that_the_full_storage_does_not_take_is_the_one_that_is_shown(
    open_chat: OpenChat,
) -> None:
    page = open_chat("member")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    enter_room(page, "The private room")
    mark = uuid.uuid4().hex
    page.fill(".composer-text", f"{mark} first")
    page.evaluate(FILL)
    newest = f"{mark} and a second one that is longer than the storage has room for"
    page.fill(".composer-text", newest)
    enter_room(page, "The public room")
    enter_room(page, "The private room")
    assert page.input_value(".composer-text") == newest

    # It would be lost with the page.
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert page.input_value(".composer-text") == newest

    # There is room again: it is stored, and the page may be left.
    page.evaluate(
        "Object.keys(localStorage).forEach((key) => key[0] === 'f' && localStorage.removeItem(key))"
    )
    page.press(".composer-text", "End")
    page.type(".composer-text", "!")
    page.reload()
    page.wait_for_selector("mc-account-menu .account", state="attached")
    enter_room(page, "The private room")
    assert page.input_value(".composer-text") == f"{newest}!"
    assert asked == ["beforeunload"]
    page.fill(".composer-text", "")


def opened(page: Page) -> None:
    page.wait_for_selector("mc-account-menu .account", state="attached")
    enter_room(page, "The private room")


def test_tabs_take_nothing_from_each_other_and_what_a_closed_one_left_is_found(
    open_chat: OpenChat,
) -> None:
    one = open_chat("owner")
    other = one.context.new_page()
    other.goto("/")
    for page in (one, other):
        opened(page)
    mark = uuid.uuid4().hex[:6]
    one.fill(".composer-text", f"{mark} of one")
    other.fill(".composer-text", f"{mark} of the other")
    # Not even with nothing.
    one.evaluate("document.querySelector('mc-composer').reply(null)")
    for page in (one, other):
        page.reload()
        opened(page)
    assert one.input_value(".composer-text") == f"{mark} of one"
    assert other.input_value(".composer-text") == f"{mark} of the other"

    # What is sent here comes back nowhere, and the other's stays.
    one.press(".composer-text", "Enter")
    one.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} of one").wait_for()
    enter_room(other, "The public room")
    enter_room(other, "The private room")
    assert other.input_value(".composer-text") == f"{mark} of the other"
    one.reload()
    opened(one)
    assert one.input_value(".composer-text") == ""

    other.close()
    until(
        one,
        """navigator.locks.query().then(({ held }) =>
          held.filter(({ name }) => name.startsWith("mediachat.tab.")).length === 1)""",
    )
    enter_room(one, "The public room")
    enter_room(one, "The private room")
    expect(one.locator(".composer-text")).to_have_value(f"{mark} of the other")
    one.fill(".composer-text", "")
    until(one, "!Object.keys(localStorage).some((key) => key.includes('.draft.'))")


def test_an_edit_goes_on_in_its_room_and_after_a_reload_for_each_message(
    open_chat: OpenChat,
) -> None:
    page = open_chat("owner")
    enter_room(page, "The private room")
    mark = uuid.uuid4().hex[:6]
    for text in (f"{mark} first", f"{mark} second"):
        send(page, text)
        page.locator("mc-message:not(.is-unsent)").filter(has_text=text).wait_for()
    page.press(".composer-text", "ArrowUp")
    page.fill(".editor-text", f"{mark} second, changed")
    first = page.locator("mc-message").filter(has_text=f"{mark} first")
    first.hover()
    first.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Edit").click()
    page.fill(".editor-text", f"{mark} first, changed")

    enter_room(page, "The public room")
    enter_room(page, "The private room")
    expect(page.locator(".editor-text")).to_have_value(f"{mark} first, changed")
    assert_accessible(page)
    page.reload()
    opened(page)
    expect(page.locator(".editor-text")).to_have_value(f"{mark} first, changed")
    page.press(".editor-text", "Enter")
    page.locator(".message-body").filter(has_text=f"{mark} first, changed").wait_for()
    page.press(".composer-text", "ArrowUp")
    expect(page.locator(".editor-text")).to_have_value(f"{mark} second, changed")
    # Escape gives it up for good.
    page.press(".editor-text", "Escape")
    page.press(".composer-text", "ArrowUp")
    expect(page.locator(".editor-text")).to_have_value(f"{mark} second")
    page.press(".editor-text", "Escape")
    until(page, "!Object.keys(localStorage).some((key) => key.includes('.draft.'))")


def test_what_was_written_into_a_message_outlasts_its_deletion(open_chat: OpenChat) -> None:
    page = open_chat("owner")
    enter_room(page, "The private room")
    mark = uuid.uuid4().hex[:6]
    send(page, f"{mark} in haste")
    page.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} in haste").wait_for()
    page.press(".composer-text", "ArrowUp")
    page.fill(".editor-text", f"{mark} and now at length")
    elsewhere = page.context.new_page()
    elsewhere.goto(page.url)
    message = elsewhere.locator("mc-message").filter(has_text=f"{mark} in haste")
    message.hover()
    message.get_by_role("button", name="More actions").click()
    elsewhere.get_by_role("menuitem", name="Delete").click()
    elsewhere.get_by_role("button", name="Delete").click()
    elsewhere.close()

    page.locator(".tombstone + mc-message-editor").wait_for()
    expect(page.locator(".editor-text")).to_have_value(f"{mark} and now at length")
    assert_accessible(page)
    page.get_by_role("button", name="Write it as a new message").click()
    expect(page.locator(".composer-text")).to_have_value(f"{mark} and now at length")
    expect(page.locator("mc-message-editor")).to_have_count(0)
    page.fill(".composer-text", "")
