"""Writing: input methods, keys within code, and what is pasted, as browsers have them."""

from typing import Any

from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import OpenChat, send, talk_to, until


class InputMethod:
    """Composes text in whatever has the focus, as the input method of a system does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)

    def begin(self, text: str) -> None:
        place = {"selectionStart": len(text), "selectionEnd": len(text)}
        self.session.send("Input.imeSetComposition", {"text": text, **place})

    def press(self, key: str, code: int = 229) -> None:
        """A key that the input method takes, with the code by which browsers say so."""
        for kind in ("rawKeyDown", "keyUp"):
            event: dict[str, Any] = {"type": kind, "key": key, "windowsVirtualKeyCode": code}
            self.session.send("Input.dispatchKeyEvent", event)

    def press_all(self) -> None:
        for key in ("Process", "Enter", "Escape", "ArrowDown", "ArrowUp", "Tab"):
            self.press(key)
        # And as others tell of it: only isComposing is set.
        self.press("Enter", 13)
        self.press("Escape", 27)

    def confirm(self, text: str) -> None:
        self.session.send("Input.insertText", {"text": text})


def test_keys_of_an_input_method_mean_nothing_to_the_page(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    talk_to(one, "member")
    send(one, "はじめ")
    said = one.locator("mc-message").filter(has_text="はじめ").last
    said.wait_for()
    before = one.locator("mc-message").count()
    ime = InputMethod(one)
    composer = one.locator(".composer-text")

    # The composer: nothing is sent, and the reply stays.
    said.focus()
    said.get_by_role("button", name="Reply").click()
    composer.focus()
    ime.begin("にほん")
    ime.press_all()
    assert one.locator(".composer-reply").count() == 1
    ime.confirm("日本")
    assert composer.input_value() == "日本"
    assert one.locator("mc-message").count() == before
    composer.fill("")

    # An empty composer: the arrow that looks for an earlier candidate edits no message.
    ime.begin("に")
    ime.press("ArrowUp")
    assert one.locator("mc-message-editor").count() == 0
    ime.confirm("")
    composer.fill("")

    # Completion: a candidate of the input method is chosen, and no person.
    composer.press_sequentially("@")
    one.locator(".mention-option").first.wait_for()
    ime.begin("me")
    one.locator(".mention-option").first.wait_for()
    ime.press_all()
    ime.confirm("me")
    assert composer.input_value() == "@me"
    composer.fill("")

    # The message editor: neither saved nor cancelled.
    composer.press("Escape")
    composer.press("Escape")
    composer.press("ArrowUp")
    editor = one.locator("mc-message-editor textarea")
    editor.wait_for()
    editor.press("Control+a")
    ime.begin("に")
    ime.press_all()
    ime.confirm("日")
    assert editor.input_value() == "日"
    editor.press("Escape")
    editor.wait_for(state="detached")

    # The search for emoji: neither chosen nor closed.
    one.get_by_role("button", name="Insert an emoji").click()
    one.locator(".emoji-choice").first.wait_for()
    ime.begin("s")
    ime.press_all()
    ime.confirm("s")
    assert one.get_by_label("Search emoji").input_value() == "s"
    assert composer.input_value() == ""
    one.evaluate("document.querySelector('.emoji-picker').hidePopover()")

    # The search among rooms: none is opened, and what was written stays.
    address = one.url
    one.keyboard.press("Control+k")
    search = one.get_by_label("Search your rooms and people")
    until(one, "document.activeElement.matches('mc-room-list input')")
    ime.begin("pub")
    ime.press_all()
    ime.confirm("pub")
    assert search.input_value() == "pub"
    assert one.url == address
    one.keyboard.press("Escape")

    # A dialog: its search chooses nobody, its form is not sent, and it stays open.
    one.get_by_role("button", name="Start chat").click()
    people = one.get_by_label("Who do you want to talk to?")
    people.wait_for()
    ime.begin("mem")
    one.locator(".found-entry").first.wait_for()
    ime.press_all()
    ime.confirm("mem")
    assert people.input_value() == "mem"
    one.get_by_role("tab", name="New room").click()
    name = one.get_by_role("dialog").locator("[name=name]")
    name.focus()
    ime.begin("へや")
    ime.press_all()
    assert one.locator("dialog[open]").count() == 1
    ime.confirm("部屋")
    assert name.input_value() == "部屋"
    one.keyboard.press("Escape")
    one.locator("dialog[open]").wait_for(state="detached")
    assert one.locator(".room-entry", has_text="部屋").count() == 0

    # Afterwards keys mean what they did.
    composer.fill("送る")
    composer.press("Enter")
    one.locator("mc-message").filter(has_text="送る").last.wait_for()
