"""Refusing somebody on the page: by keyboard, read out, and in every colour."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import (
    SCREENSHOTS,
    OpenChat,
    assert_accessible,
    enter_room,
    send,
    talk_to,
    until,
)
from tests.browser.test_accessibility import tab_to

pytestmark = pytest.mark.once

LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light", "viewport": {"width": 1100, "height": 700}},
    {"color_scheme": "dark", "viewport": {"width": 300, "height": 640}},
    {"color_scheme": "dark", "forced_colors": "active", "viewport": {"width": 1000, "height": 700}},
]


def look(page: Page, name: str) -> None:
    """No rule of axe-core is broken, and there is a picture to look at."""
    assert_accessible(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{page.evaluate('innerWidth')}.png")


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("button", name=menu, exact=True).last.click()
    page.get_by_role("menuitem", name=item).click()


def share_a_room(one: Page, other: Page, name: str, username: str) -> None:
    one.get_by_role("button", name="Start chat").click()
    one.get_by_role("tab", name="New room").click()
    one.fill("[name=name]", name)
    one.get_by_label("Add people").fill(username)
    one.get_by_role("option").filter(has_text=f"@{username}").first.click()
    one.get_by_role("button", name="Create").click()
    one.get_by_role("textbox", name=f"Message {name}", exact=True).wait_for()
    enter_room(other, name)


@pytest.mark.parametrize("options", LOOKS, ids=["light", "dark-300", "contrast"])
def test_someone_is_blocked_and_unblocked(open_chat: OpenChat, options: dict[str, Any]) -> None:
    one = open_chat("crowd26", **options)
    other = open_chat("crowd27")
    talk_to(one, "crowd27")
    send(one, "hello")
    enter_room(other, "crowd26")
    # Not what was said the time before, which is still there.
    offer = f"buy my things for {options['viewport']['width']}"
    send(other, f"@crowd26, {offer}")
    pitch = one.locator("mc-message").filter(has_text=offer).last
    pitch.focus()  # which stays with it, while the list may still scroll under a pointer
    pitch.get_by_role("button", name="More actions").click()
    one.get_by_role("menuitem", name="Block this person…").click()
    dialog = one.get_by_role("dialog", name="Block crowd27?")
    dialog.get_by_text("They are not told.").wait_for()
    look(one, "block-asked")
    dialog.get_by_role("button", name="Block").click()

    note = one.locator(".composer-closed").filter(has_text="You have blocked crowd27")
    note.wait_for()
    folded = one.locator("mc-message").filter(has_text="Message from someone you blocked").last
    folded.wait_for()
    assert one.locator("mc-message").filter(has_text=offer).count() == 0
    look(one, "block-folded")
    folded.get_by_role("button", name="Show").click()
    one.locator("mc-message").filter(has_text=offer).last.wait_for()
    one.get_by_role("button", name="Fold this message").last.click()
    send(other, "Are you there?")
    failed = other.locator(".message-failed").last
    failed.get_by_text("You cannot write to this person.").wait_for()

    if options["viewport"]["width"] < 640:
        one.get_by_role("button", name="Back to the rooms").click()
    choose(one, "Your account", "Blocked people")
    listed = one.get_by_role("dialog", name="Blocked people")
    listed.get_by_role("listitem").filter(has_text="@crowd27").wait_for()
    look(one, "block-list")
    listed.get_by_role("button", name="Unblock crowd27").click()
    listed.get_by_text("You have blocked nobody.").wait_for()
    until(one, "document.querySelector('dialog').contains(document.activeElement)")
    one.keyboard.press("Escape")
    other.get_by_role("button", name="Retry").last.click()
    enter_room(one, "crowd27")
    one.locator("mc-message").filter(has_text="Are you there?").last.wait_for()


def test_whoever_is_blocked_calls_for_nothing_in_a_room_of_many(open_chat: OpenChat) -> None:
    one, other = open_chat("crowd26"), open_chat("crowd27")
    share_a_room(one, other, "Many", "crowd27")
    one.get_by_role("button", name="Members and details").click()
    choose(one, "What to do with crowd27", "Block this person…")
    one.get_by_role("dialog", name="Block crowd27?").get_by_role("button", name="Block").click()
    one.locator("dialog").wait_for(state="detached")
    one.evaluate("""() => {
      window.calls = 0;
      const { client } = document.querySelector("mc-app");
      client.addEventListener("mention", () => (window.calls += 1));
    }""")
    other.locator(".composer-text").press_sequentially("@crowd26 ", delay=5)
    other.keyboard.press("Enter")
    one.locator("mc-message").filter(has_text="Message from someone you blocked").last.wait_for()
    assert one.evaluate("window.calls") == 0
    assert one.locator(".mentions-me").count() == 0
    assert "crowd26" not in one.locator("[role=log]").inner_text()
    one.evaluate("""() => document.querySelector("mc-app").client
      .send({ type: "person.block", username: "crowd27", on: false })""")
    until(one, "document.querySelector('mc-app').client.blocked.size === 0")
    send(other, "@crowd26 again")
    until(one, "window.calls === 1")


def test_a_conversation_is_put_away_by_keyboard_until_its_next_message(open_chat: OpenChat) -> None:
    one, other = open_chat("crowd26"), open_chat("crowd28")
    talk_to(one, "crowd28")
    send(one, "hello")
    enter_room(other, "crowd26")
    other.locator("mc-message").filter(has_text="hello").last.wait_for()
    entry = one.locator(".room-entry:has-text('crowd28')")
    tab_to(one, ".room-header mc-menu button", "Shift+Tab")
    one.keyboard.press("Enter")
    tab_to(one, "[role=menuitem]")
    look(one, "put-away-menu")
    one.keyboard.press("Enter")
    one.get_by_text("off your list until the next message").wait_for()
    entry.wait_for(state="detached")
    assert one.evaluate("location.hash") == ""
    until(one, "document.activeElement.matches('.room-entry, .room-search input')")
    # It is found by its name all the same.
    one.fill(".room-search input", "crowd28")
    entry.wait_for()
    one.fill(".room-search input", "")
    entry.wait_for(state="detached")
    send(other, "one more thing")
    entry.locator(".badge").wait_for()
