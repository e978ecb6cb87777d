"""What is written and not sent stays, also where the browser has no room for it."""

import uuid

from playwright.sync_api import Dialog

from tests.browser.conftest import OpenChat, enter_room

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
