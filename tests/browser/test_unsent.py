"""What was written for a room that is gone is shown, and can be copied or dropped."""

import uuid
from typing import Literal

import pytest
from playwright.sync_api import Dialog, Page

from tests.browser.conftest import (
    SCREENSHOTS,
    OpenChat,
    assert_accessible,
    enter_room,
    send,
    until,
)

pytestmark = pytest.mark.once

Scheme = Literal["light", "dark"]


def written_while_being_removed(one: Page, owner: Page, name: str, texts: list[str]) -> None:
    """One is taken out of a room while they write in it without a connection."""
    owner.get_by_role("button", name="Start chat").click()
    owner.get_by_role("tab", name="New room").click()
    owner.get_by_label("Name of the room").fill(name)
    owner.get_by_role("button", name="Create room").click()
    owner.get_by_role("heading", name=name, exact=True).wait_for()
    owner.get_by_role("button", name="Members and details").click()
    owner.get_by_label("Add people").fill("member")
    owner.get_by_role("option").filter(has_text="@member").first.click()
    owner.locator(".members .found-entry").filter(has_text="@member").wait_for()
    enter_room(one, name)
    one.context.set_offline(True)
    one.wait_for_selector(".connection-line")
    for text in texts:
        send(one, text)
    owner.get_by_role("button", name="What to do with member").click()
    owner.get_by_role("menuitem", name="Remove from room").click()
    owner.get_by_role("button", name="Remove", exact=True).click()
    owner.get_by_role("heading", name="Remove ").wait_for(state="detached")
    one.context.set_offline(False)


@pytest.mark.parametrize(
    ("scheme", "width", "contrast"),
    [("light", 1200, "no-preference"), ("dark", 300, "no-preference"), ("light", 700, "more")],
)
def test_what_was_written_for_a_room_that_is_gone_can_be_copied_or_dropped(
    open_chat: OpenChat, scheme: Scheme, width: int, contrast: Literal["more", "no-preference"]
) -> None:
    one = open_chat(
        "member",
        color_scheme=scheme,
        contrast=contrast,
        viewport={"width": width, "height": 640},
        permissions=["clipboard-write"],
    )
    name = f"Garden {uuid.uuid4().hex[:6]}"
    texts = ["The first thing that I meant to say", "a long thought " * 40]
    written_while_being_removed(one, open_chat("owner"), name, texts)
    if width > 640:
        one.locator(".toast").filter(has_text="What you had not sent there is kept").wait_for()
    way = one.get_by_role("button", name="2 messages were not sent")
    way.wait_for()
    assert_accessible(one)
    one.screenshot(path=SCREENSHOTS / f"unsent-way-{scheme}-{width}.png")

    way.focus()
    one.keyboard.press("Enter")
    entries = one.locator(".unsent")
    assert entries.count() == 2
    first = entries.first
    first.get_by_text(name).wait_for()
    first.locator(".unsent-body").filter(has_text=texts[0]).wait_for()
    assert_accessible(one)
    one.screenshot(path=SCREENSHOTS / f"unsent-{scheme}-{width}.png")
    first.get_by_role("button", name="Copy text").focus()
    one.keyboard.press("Enter")
    one.get_by_text("The text was copied").wait_for(state="attached")

    for left in (1, 0):
        one.get_by_role("button", name="Discard").first.focus()
        one.keyboard.press("Enter")
        entries.nth(left).wait_for(state="detached")
        assert one.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    one.get_by_text("Nothing is left here").wait_for()
    assert_accessible(one)
    one.keyboard.press("Escape")
    one.locator("dialog").wait_for(state="detached")
    assert one.evaluate("document.activeElement.matches('.room-search input')")
    one.keyboard.press("Control+v")
    assert one.input_value(".room-search input") == texts[0]
    assert way.count() == 0
    one.reload()
    one.wait_for_selector("mc-account-menu .account", state="attached")
    assert way.count() == 0


# Leaves room for so many characters, or a few less.
FILL = """(left) => {
  let size = 0;
  for (let step = 4 << 20; step >= 64; step /= 2) {
    try {
      localStorage.setItem("filler", "x".repeat(size + step));
      size += step;
    } catch {
      // That was too much.
    }
  }
  localStorage.setItem("filler", "x".repeat(size - left));
}"""


def test_a_message_for_which_the_storage_is_full_outlasts_what_another_tab_writes(
    open_chat: OpenChat,
) -> None:
    one = open_chat("owner")
    enter_room(one, "The private room")
    other = one.context.new_page()
    other.goto("/")
    enter_room(other, "The private room")
    mark = uuid.uuid4().hex[:6]
    one.context.set_offline(True)
    for page in (one, other):
        page.wait_for_selector(".connection-line")
    one.evaluate(FILL, 1500)
    # A tab hears of what another writes to the storage a little later.
    filled = one.evaluate("localStorage.getItem('filler').length")
    until(other, f"localStorage.getItem('filler')?.length === {filled}")
    send(one, f"{mark} long " + "and longer " * 300)
    stored = "Object.keys(localStorage).filter((key) => key.includes('.outbox.')).length"
    assert one.evaluate(stored) == 0
    send(other, f"{mark} short")
    assert other.evaluate(stored) == 1
    unsent = one.locator("mc-message.is-unsent").filter(has_text=mark)
    unsent.filter(has_text="short").wait_for()
    assert unsent.count() == 2
    # What the other tab sends makes room for it.
    one.evaluate("localStorage.removeItem('filler')")
    one.context.set_offline(False)
    for page in (one, other):
        for text in ("long", "short"):
            sent = page.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} {text}")
            sent.wait_for(timeout=40_000)
    assert one.evaluate(stored) == 0


def test_a_message_for_which_the_storage_is_full_says_so_and_holds_back_the_tab(
    open_chat: OpenChat,
) -> None:
    one = open_chat("owner", viewport={"width": 500, "height": 640})
    enter_room(one, "The private room")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    one.on("dialog", stay)
    mark = uuid.uuid4().hex[:6]
    one.context.set_offline(True)
    line = one.locator(".connection-line")
    line.get_by_text("What you write is kept").wait_for(state="attached")
    line.get_by_text("You are offline.").wait_for()
    one.evaluate(FILL, 0)
    send(one, f"{mark} of which only this tab knows " + "for now " * 50)
    message = one.locator("mc-message.is-unsent").filter(has_text=mark)
    message.get_by_text("Kept in this tab only: do not close it").wait_for()
    line.get_by_text("What you write is kept in this tab only").wait_for()
    assert_accessible(one)
    one.screenshot(path=SCREENSHOTS / "unsent-tab-only.png")
    one.close(run_before_unload=True)
    one.wait_for_timeout(300)
    assert asked == ["beforeunload"]

    one.evaluate("localStorage.removeItem('filler')")
    one.context.set_offline(False)
    one.locator("mc-message:not(.is-unsent)").filter(has_text=mark).wait_for(timeout=40_000)
    one.reload()
    one.wait_for_selector("mc-account-menu .account", state="attached")
    assert asked == ["beforeunload"]


# Sends a text as a program would, which does not look at the limits.
SEND = """(body) => {
  const { client, roomId } = document.querySelector("mc-app");
  client.sendMessage(roomId, { body });
}"""


def test_a_message_that_was_refused_can_be_copied_edited_or_sent_as_a_file(
    open_chat: OpenChat,
) -> None:
    one = open_chat("owner", permissions=["clipboard-write"])
    enter_room(one, "The private room")
    mark = uuid.uuid4().hex[:6]
    long = f"{mark} " + "too long " * 2_500
    one.evaluate(SEND, long)
    failed = one.locator("mc-message.is-failed")
    failed.get_by_text("Not sent. A message has at most 20,000 characters.").wait_for()
    assert failed.get_by_role("button", name="Retry").count() == 0
    enter_room(one, "The public room")
    entry = one.locator(".room-entry").filter(has_text="The private room")
    entry.filter(has_text="a message was not sent").wait_for()
    assert_accessible(one)
    one.screenshot(path=SCREENSHOTS / "unsent-room.png")
    entry.click()
    failed.get_by_role("button", name="Copy text").click()
    failed.get_by_role("button", name="Copied").wait_for()
    one.focus(".composer-text")
    one.keyboard.press("Control+v")
    assert one.input_value(".composer-text") == long
    one.fill(".composer-text", "")

    # It is too long in the composer as well, which says so and offers the way that is left.
    failed.get_by_role("button", name="Edit").click()
    entry.locator(".room-failed").wait_for(state="detached")
    assert one.input_value(".composer-text") == long
    one.get_by_text("This is too long for one message. Shorten it, or").wait_for()
    assert one.locator(".send-button").is_disabled()
    one.press(".composer-text", "Enter")
    assert_accessible(one)
    one.screenshot(path=SCREENSHOTS / "unsent-too-long.png")
    one.fill(".composer-text", long.strip()[:19_990])
    one.get_by_text("10 characters left").wait_for()
    assert one.locator(".send-button").is_enabled()
    one.fill(".composer-text", "    " + long.strip()[:19_999])  # indentation counts
    one.get_by_text("3 too many").wait_for()
    one.fill(".composer-text", "\u200b\u2800")  # nobody would see anything
    assert one.locator(".send-button").is_disabled()
    one.fill(".composer-text", long)
    one.get_by_role("button", name="send it as a file").click()
    sent = one.locator("mc-message:not(.is-unsent):not(.is-failed)")
    sent.locator(".file-name").filter(has_text="message.md").first.wait_for()
    assert one.input_value(".composer-text") == ""
    with one.expect_download() as download:
        sent.locator(".file-card").last.click()
    assert download.value.path().read_text() == long.strip()

    # The arrow that changes the last message takes this one back, too.
    one.evaluate(SEND, long)
    failed.wait_for()
    one.press(".composer-text", "ArrowUp")
    failed.wait_for(state="detached")
    assert one.input_value(".composer-text") == long
    one.fill(".composer-text", "")

    one.evaluate(SEND, long)
    failed.get_by_role("button", name="Send as a file").click()
    failed.wait_for(state="detached")
    until(one, "document.querySelectorAll('mc-message:not(.is-unsent) .file-card').length === 2")
