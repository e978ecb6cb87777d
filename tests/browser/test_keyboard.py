"""What is offered, and how it is reached by keys alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    SCREENSHOTS,
    OpenChat,
    assert_accessible,
    enter_room,
    send,
    talk_to,
    until,
)

pytestmark = pytest.mark.once

# As the server tells it when a moderator closes the room that is open.
CLOSE = """(closed) => {
  const { client, roomId } = document.querySelector("mc-app");
  client.receive(JSON.stringify({ type: "room", room: { ...client.rooms.get(roomId), closed } }));
}"""


def menu_of(page: Page, text: str) -> list[str]:
    """What the menu of this message offers."""
    message = page.locator("mc-message:not(.is-unsent)").filter(has_text=text).last
    message.focus()
    message.get_by_role("button", name="More actions").click()
    offered = page.get_by_role("menuitem").all_inner_texts()
    page.keyboard.press("Escape")
    return [words.strip() for words in offered]


def test_a_closed_room_offers_what_the_server_takes_and_no_more(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    enter_room(one, "The private room")
    send(one, "before it was closed")
    said = one.locator("mc-message:not(.is-unsent)").filter(has_text="before it was closed").last
    said.focus()
    said.get_by_role("button", name="React with 👍").click()
    reaction = said.locator(".reaction")
    reaction.wait_for()
    assert menu_of(one, "before it was closed") == ["Reply", "Copy text", "Edit", "Delete…"]
    one.evaluate(CLOSE, True)
    one.locator(".composer-closed").wait_for()
    assert menu_of(one, "before it was closed") == ["Copy text"]
    assert said.get_by_role("button", name="Reply").count() == 0
    assert said.get_by_role("button", name="React with 👍").count() == 0
    assert reaction.get_attribute("aria-disabled") == "true"
    reaction.click(force=True)
    one.get_by_role("button", name="Members and details").click()
    details = one.get_by_role("dialog")
    details.locator(".members .found-entry").nth(1).wait_for()
    assert details.get_by_role("button", name="Rename").count() == 0
    assert details.get_by_label("Add people").count() == 0
    details.get_by_role("button", name="What to do with").first.click()
    offered = [words.strip() for words in one.get_by_role("menuitem").all_inner_texts()]
    assert offered == ["Message", "Block this person…"]
    one.keyboard.press("Escape")
    one.keyboard.press("Escape")
    details.wait_for(state="detached")
    one.evaluate(CLOSE, False)
    one.get_by_role("textbox", name="Message The private room").wait_for()
    assert reaction.get_attribute("aria-pressed") == "true"
    # A text that is being changed stays, and cannot be saved meanwhile.
    one.press(".composer-text", "ArrowUp")
    one.fill(".editor-text", "changed meanwhile")
    save = one.get_by_role("button", name="Save")
    one.evaluate(CLOSE, True)
    expect(save).to_be_disabled()
    one.press(".editor-text", "Enter")
    one.evaluate(CLOSE, False)
    expect(save).to_be_enabled()
    assert one.input_value(".editor-text") == "changed meanwhile"
    one.press(".editor-text", "Escape")
    assert one.locator(".toast").count() == 0


def test_the_list_of_rooms_is_whole_again_after_a_search(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    enter_room(one, "The private room")
    whole = one.locator(".room-entry").count()
    assert whole > 1
    search = "document.querySelector('mc-room-list input').value"
    filtered = "document.querySelectorAll('.room-entry').length === 1"

    def look_for(name: str) -> None:
        one.keyboard.press("Control+k")
        until(one, "document.activeElement.matches('mc-room-list input')")
        one.keyboard.type(name)
        until(one, filtered)

    def assert_whole() -> None:
        until(
            one, f"{search} === '' && document.querySelectorAll('.room-entry').length === {whole}"
        )

    for place in (".room-entry", ".composer-text", ".room-header h2"):
        look_for("The public")
        one.locator(place).click()
        assert_whole()
    for keys in ("Enter", "Escape", "Alt+ArrowDown", "ArrowDown Escape", "ArrowDown Enter"):
        look_for("The public")
        for key in keys.split():
            one.keyboard.press(key)
        assert_whole()
    until(one, "document.activeElement.matches('.composer-text')")
    one.keyboard.press("Control+k")
    one.keyboard.press("Escape")
    until(one, "document.activeElement.matches('.composer-text')")


FOCUS = "document.activeElement"
STOPS = """(toolbar) => [...toolbar.querySelectorAll("button")]
  .filter((button) => button.tabIndex === 0 && !button.closest("[role=menu]")).length"""


def focused(page: Page) -> str:
    return str(page.evaluate(f"{FOCUS}.ariaLabel ?? {FOCUS}.getAttribute('aria-label')"))


def test_toolbars_and_messages_are_used_by_keys(open_chat: OpenChat) -> None:
    one = open_chat("crowd15")
    keyboard = one.keyboard
    talk_to(one, "crowd16")
    one.set_input_files(
        ".composer-file", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"plan"}
    )
    one.locator(".upload-size").wait_for()
    send(one, "What do you **think** of it?")
    said = one.locator("mc-message:not(.is-unsent)").filter(has_text="of it?").last
    said.wait_for()

    # What has the focus is read out with its words.
    one.focus(".messages")
    keyboard.press("ArrowUp")
    until(one, f"{FOCUS}.matches('mc-message')")
    article = one.get_by_role("article", name="What do you think of it?").last
    name = article.get_attribute("aria-label") or ""
    assert name.startswith("crowd15, ") and name.endswith("of it?. File: plan.txt")

    # The message's tools: one stop, and the arrows go round.
    keyboard.press("Enter")
    until(one, f"{FOCUS}.closest('[role=toolbar]') !== null")
    tools = one.get_by_role("toolbar", name="Message actions")
    names = ["React with 👍", "React with ❤️", "React with 😂", "Choose a reaction", "Reply"]
    names.append("More actions")
    for name in names:
        assert focused(one) == name
        assert tools.evaluate(STOPS) == 1
        keyboard.press("ArrowRight")
    assert focused(one) == names[0]
    keyboard.press("ArrowLeft")
    assert focused(one) == names[-1]
    keyboard.press("ArrowDown")
    until(one, f"{FOCUS}.role === 'menuitem' || {FOCUS}.getAttribute('role') === 'menuitem'")
    keyboard.press("Escape")
    until(one, f"{FOCUS}.getAttribute('aria-label') === 'More actions'")
    keyboard.press("Home")
    keyboard.press("Enter")
    said.locator(".reaction").wait_for()
    until(one, "[...document.querySelectorAll('mc-message')].at(-1).ariaLabel.includes('👍 1')")
    keyboard.press("Escape")
    until(one, f"{FOCUS}.matches('mc-message')")

    # Emoji: a grid of which Tab reaches one.
    keyboard.press("Enter")
    for _ in range(3):
        keyboard.press("ArrowRight")
    keyboard.press("Enter")
    until(one, "document.querySelectorAll('.emoji-choice').length > 20")
    until(one, f"{FOCUS}.matches('.emoji-picker input')")
    grid = one.get_by_role("toolbar", name="Emoji")
    place = f"[...document.querySelectorAll('.emoji-choice')].indexOf({FOCUS})"
    for key, at in (
        ("ArrowDown", 0),
        ("ArrowRight", 1),
        ("ArrowDown", 9),
        ("ArrowLeft", 8),
        ("Home", 0),
    ):
        keyboard.press(key)
        assert one.evaluate(place) == at, key
        assert grid.evaluate(STOPS) == 1
    keyboard.press("ArrowRight")
    keyboard.press("ArrowUp")
    until(one, f"{FOCUS}.matches('.emoji-picker input')")
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert focused(one) == "People"
    keyboard.press("Tab")
    assert one.evaluate(place) == 1  # where one was
    keyboard.press("Escape")

    # What is added to a message, beside where it is written.
    one.focus(".composer-text")
    keyboard.press("Tab")
    assert focused(one) == "Attach files"
    keyboard.press("ArrowRight")
    assert focused(one) == "Insert an emoji"
    keyboard.press("Shift+Tab")
    until(one, f"{FOCUS}.matches('.composer-text')")
    assert_accessible(one)

    # The parts of a dialog.
    one.get_by_role("button", name="Start chat").click()
    one.get_by_role("tab", name="People").focus()
    for key, part in (
        *(("End", "Public rooms"), ("ArrowRight", "People"), ("ArrowLeft", "Public rooms")),
        *(("Home", "People"), ("ArrowRight", "New room")),
    ):
        keyboard.press(key)
        until(one, f"{FOCUS}.textContent.trim() === '{part}' && {FOCUS}.ariaSelected === 'true'")
    keyboard.press("Escape")

    # As narrow as a sidebar, where fewer tools are shown.
    one.set_viewport_size({"width": 300, "height": 600})
    one.focus(".messages")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    until(one, f"{FOCUS}.closest('[role=toolbar]') !== null")
    for name in ("Choose a reaction", "Reply", "More actions", "Choose a reaction"):
        assert focused(one) == name
        keyboard.press("ArrowRight")
    keyboard.press("Home")
    assert focused(one) == "Choose a reaction"
    keyboard.press("Escape")
    keyboard.press("Tab")
    assert one.evaluate(f"{FOCUS}.closest('mc-message') !== null")


def test_the_composer_and_the_list_of_keys_are_one_key_away(open_chat: OpenChat) -> None:
    one = open_chat("crowd17")
    keyboard = one.keyboard
    talk_to(one, "crowd18")
    send(one, "hello")
    one.locator("mc-message:not(.is-unsent)").filter(has_text="hello").last.wait_for()
    in_composer = f"{FOCUS}.matches('.composer-text')"
    for place in (".brand .button", "mc-room-list input", ".room-entry", ".messages", "mc-message"):
        one.locator(place).last.focus()
        keyboard.press("Alt+Shift+M")
        until(one, in_composer)
        assert one.input_value(".composer-text") == ""
    # Neither the emoji nor a menu keep it to themselves.
    one.get_by_role("button", name="Insert an emoji").click()
    until(one, f"{FOCUS}.matches('.emoji-picker input')")
    keyboard.press("Alt+Shift+M")
    until(one, in_composer)
    one.locator("mc-message").last.focus()
    one.get_by_role("button", name="More actions").click()
    until(one, f"{FOCUS}.getAttribute('role') === 'menuitem'")
    keyboard.press("Alt+Shift+M")
    until(one, f"{in_composer} && !document.querySelector(':popover-open')")
    one.locator("mc-message").last.focus()
    keyboard.type("answer?")
    until(one, in_composer)
    assert one.input_value(".composer-text") == "answer?"

    # A question mark is text where one writes, and a key elsewhere.
    one.locator("mc-message").last.focus()
    keyboard.press("?")
    dialog = one.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.wait_for()
    told = dialog.locator("dl > div").all_inner_texts()
    assert any("Alt" in row and "M" in row and "Write a message" in row for row in told)
    assert_accessible(one)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    one.screenshot(path=SCREENSHOTS / "shortcuts.png")
    keyboard.press("Alt+Shift+M")  # the dialog keeps the focus
    assert one.evaluate(f"{FOCUS}.closest('dialog') !== null")
    keyboard.press("Escape")
    dialog.wait_for(state="detached")
    one.set_viewport_size({"width": 300, "height": 600})
    one.get_by_role("button", name="Back to the rooms").click()
    one.get_by_role("button", name="Your account").click()
    one.get_by_role("menuitem", name="Keyboard shortcuts").click()
    dialog.wait_for()
    one.screenshot(path=SCREENSHOTS / "shortcuts-300.png")
    keyboard.press("Escape")
    dialog.wait_for(state="detached")
    keyboard.press("Alt+Shift+M")
    until(one, in_composer)
