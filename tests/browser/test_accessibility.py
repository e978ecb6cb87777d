"""Everything can be done by keyboard, and axe-core finds nothing to complain about."""

from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenChat, assert_accessible, enter_room, send, talk_to

pytestmark = pytest.mark.once

Scheme = Literal["light", "dark"]

# Whether what has the focus shows it: by an outline of its own, or by the frame around it.
SHOWS_FOCUS = """() => {
  const focused = document.activeElement;
  const shows = (element) => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
      || style.boxShadow !== "none";
  };
  return focused !== document.body && (shows(focused) || shows(focused.closest("form") ?? focused));
}"""


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Presses the key until this has the focus; each stop on the way has to be visible."""
    for _ in range(40):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
        at = page.evaluate("() => document.activeElement.outerHTML.slice(0, 120)")
        if not at.startswith("<body"):
            assert page.evaluate(SHOWS_FOCUS), at
    raise AssertionError(f"{selector} was not reached")


def test_everything_is_done_by_keyboard_alone(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    one.wait_for_selector(".room-entry")
    keyboard = one.keyboard

    tab_to(one, ".brand .button")
    keyboard.press("Enter")
    one.wait_for_selector("dialog[open]")
    keyboard.type("member")
    one.wait_for_selector(".found-entry")
    keyboard.press("Enter")
    one.wait_for_selector("dialog", state="detached")
    tab_to(one, ".composer-text")

    keyboard.type("By hand @mem")
    one.wait_for_selector(".mention-option")
    keyboard.press("Enter")
    keyboard.type("again")
    keyboard.press("Shift+Enter")
    keyboard.type("second line")
    keyboard.press("Enter")
    said = one.locator("mc-message").filter(has_text="second line").last
    said.locator(".mention").wait_for()

    tab_to(one, ".messages", "Shift+Tab")
    keyboard.press("ArrowUp")
    tab_to(one, "mc-message:last-child")
    keyboard.press("ArrowUp")
    keyboard.press("End")
    tab_to(one, "mc-message:last-child")
    keyboard.press("Enter")
    tab_to(one, ".message-tools button")
    keyboard.press("Enter")
    said.locator(".reaction").wait_for()
    keyboard.press("End")
    tab_to(one, ".message-tools mc-menu button")
    keyboard.press("Enter")
    tab_to(one, "[role=menuitem]")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    tab_to(one, "mc-message-editor textarea")
    keyboard.press("Control+a")
    keyboard.type("Changed by hand")
    keyboard.press("Enter")
    one.locator("mc-message").filter(has_text="Changed by hand").last.wait_for()
    tab_to(one, ".composer-text")

    keyboard.press("Control+k")
    tab_to(one, "mc-room-list input")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowUp")
    tab_to(one, ".room-entry")
    keyboard.press("Enter")
    tab_to(one, ".composer-text")


@pytest.mark.parametrize("width", [1200, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_chat(open_chat: OpenChat, scheme: Scheme, width: int) -> None:
    one = open_chat("owner", color_scheme=scheme, viewport={"width": width, "height": 700})
    other = open_chat("member")
    if width == 320:
        assert_accessible(one)
    talk_to(one, "member")
    talk_to(other, "owner")
    send(one, "A **word**, `code`, a [link](https://example.org) and @member\n\n> quoted")
    one.set_input_files(
        ".composer-file", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"plan"}
    )
    one.locator(".upload-size").wait_for()
    assert_accessible(one)
    send(one, "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint('hello')  # twice\n```")
    send(other, "To @owner: yes")
    message = one.locator("mc-message").filter(has_text="To @owner: yes").last
    message.wait_for()
    assert_accessible(one)

    message.focus()
    message.get_by_role("button", name="More actions").click()
    assert_accessible(one)
    one.get_by_role("menuitem", name="Report…").click()
    assert_accessible(one)
    one.keyboard.press("Escape")
    message.focus()
    message.get_by_role("button", name="Choose a reaction").click()
    one.locator(".emoji-choice").first.wait_for()
    assert_accessible(one)
    one.keyboard.press("Escape")

    if width == 320:
        one.get_by_role("button", name="Back to the rooms").click()
    one.get_by_role("button", name="Start chat").click()
    for tab in ("People", "New room", "Public rooms"):
        one.get_by_role("tab", name=tab).click()
        assert_accessible(one)
    one.keyboard.press("Escape")
    enter_room(one, "The private room")
    one.get_by_role("button", name="Members and details").click()
    one.locator(".members .found-entry").first.wait_for()
    assert_accessible(one)
    one.keyboard.press("Escape")
    one.context.set_offline(True)
    line = one.locator(".connection-line").filter(has_text="You are offline.")
    line.wait_for()
    assert_accessible(one)
    # It is also seen where there is room for the list of rooms only.
    if width == 320:
        one.get_by_role("button", name="Back to the rooms").click()
    expect(one.locator("mc-room-list")).to_be_visible()
    expect(line).to_be_visible()
    expect(line.get_by_role("button", name="Try now")).to_be_in_viewport(ratio=1)
    assert_accessible(one)
    one.context.set_offline(False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_one_begins(open_chat: OpenChat, scheme: Scheme) -> None:
    for width in (1200, 320):
        size = {"width": width, "height": 700}
        newcomer = open_chat("administrator", color_scheme=scheme, viewport=size)
        newcomer.wait_for_selector(".empty-ways")
        assert_accessible(newcomer)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_accounts(
    open_page: OpenChat, open_chat: OpenChat, scheme: Scheme
) -> None:
    for width in (1200, 320):
        size = {"width": width, "height": 700}
        stranger = open_page(color_scheme=scheme, viewport=size)
        for path in ("/accounts/login/", "/accounts/signup/", "/no-such-page/"):
            stranger.goto(path)
            assert_accessible(stranger)
        one = open_chat("crowd5", color_scheme=scheme, viewport=size)
        for path in (
            "/accounts/profile/",
            "/accounts/password/change/",
            "/accounts/sessions/",
            "/accounts/logout/",
        ):
            one.goto(path)
            assert_accessible(one)


def test_high_contrast_and_an_editors_theme_keep_the_contrast(open_chat: OpenChat) -> None:
    views: list[dict[str, Any]] = [
        {"contrast": "more"},
        {"contrast": "more", "color_scheme": "dark"},
        {"forced_colors": "active"},
    ]
    for options in views:
        one = open_chat("owner", viewport={"width": 900, "height": 700}, **options)
        enter_room(one, "The private room")
        assert_accessible(one)
