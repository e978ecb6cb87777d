"""What people write, as it shows: at the width of a side bar, in colour, and to screen readers."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat, assert_accessible, send, talk_to, until
from tests.support.components import emoji_font
from tests.support.live import Server

pytestmark = pytest.mark.once

DEEP = "\n".join("  " * level + f"- level {level}" for level in range(12))
QUOTES = "> " * 12 + "deep"
CODE_IN_LIST = """1. one
   - two
     > three
     >
     > ```py
     > print("wide " * 40, 1234567890, "that is longer than a side bar")
     > ```"""
TABLE = "|Name|Description of it|Amount|\n|:-|:-:|-:|\n|internationalization|words|1,234.50|"

MONOCHROME = """([emoji, font]) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 40;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.font = `24px ${font}`;
  context.fillStyle = "#f0f";
  return emoji.filter((each) => {
    context.clearRect(0, 0, 40, 40);
    context.fillText(each, 2, 30);
    const { data } = context.getImageData(0, 0, 40, 40);
    let drawn = 0;
    let ours = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] < 200) continue;
      drawn += 1;
      if (data[at] > 240 && data[at + 1] < 15 && data[at + 2] > 240) ours += 1;
    }
    return ours >= drawn / 2;
  });
}"""
"""Which of these emoji are drawn in the colour of the text, or as a box."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nested_blocks_and_tables_stay_readable_in_a_side_bar(
    open_chat: OpenChat, server: Server, scheme: str
) -> None:
    page = open_chat("crowd30", viewport={"width": 320, "height": 900}, color_scheme=scheme)
    talk_to(page, "crowd31")
    for text in (DEEP, QUOTES, CODE_IN_LIST, TABLE, "- [x] done\n- [ ] still to do"):
        send(page, text)
    page.get_by_role("checkbox", name="To do").last.wait_for()
    send(page, "\n    if ready:\n        go()\n")
    code = page.locator(".message-body pre", has_text="if ready:").last
    assert code.inner_text().rstrip() == "if ready:\n    go()"
    assert page.get_by_role("checkbox", name="Done").last.is_disabled()
    # The innermost text has room for its words, and nothing but a frame is scrolled.
    narrow = page.evaluate(
        """() => [...document.querySelectorAll('.message-body :is(li, p, h3)')]
          .filter((each) => !each.querySelector('ul, ol, p') && each.clientWidth < 90)
          .map((each) => each.textContent)"""
    )
    assert narrow == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame = page.get_by_role("group", name="Table").last
    assert frame.evaluate("(each) => each.scrollWidth > each.clientWidth")
    words = frame.get_by_role("cell", name="internationalization")
    assert words.evaluate("(each) => each.clientHeight < 40")  # one line of text
    frame.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.activeElement.scrollLeft > 0")
    aligned = frame.evaluate(
        "(each) => [...each.querySelectorAll('td')].map((td) => getComputedStyle(td).textAlign)"
    )
    assert aligned == ["left", "center", "right"]
    assert_accessible(page)


def test_emoji_are_in_colour_and_found_by_name(open_chat: OpenChat, server: Server) -> None:
    emoji_font()
    page = open_chat("crowd32")
    talk_to(page, "crowd33")
    with page.expect_response("**/emojibase/data.json") as data:
        page.get_by_role("button", name="Insert an emoji").click()
    page.locator(".emoji-choice").first.wait_for()
    fonts = page.evaluate(
        """() => [...document.querySelectorAll("body, button, input, textarea, .emoji-choice")]
          .map((each) => getComputedStyle(each).fontFamily)"""
    )
    assert len(set(fonts)) == 1
    known = [each for each in data.value.json() if each["group"] != 2]  # parts of others
    font_may_be_older = [each["emoji"] for each in known if each["version"] > 14]
    everywhere = [each["emoji"] for each in known if each["version"] <= 14]
    assert len(everywhere) > 1500
    assert page.evaluate(MONOCHROME, [everywhere, fonts[0]]) == []
    boxes = set(page.evaluate(MONOCHROME, [font_may_be_older, fonts[0]]))
    shown: set[str] = set()
    for group in page.locator(".emoji-group").all():
        before = page.locator(".emoji-choice").first.inner_text()
        group.click()
        if group.get_attribute("aria-label") != "Smileys":
            until(page, f"!document.querySelector('.emoji-choice').innerText.includes('{before}')")
        shown |= {each.strip() for each in page.locator(".emoji-choice").all_inner_texts()}
    assert not shown & boxes
    assert set(everywhere) <= shown
    search = page.get_by_label("Search emoji")
    for name, emoji in (
        ("heart", "❤️"),
        ("fire", "🔥"),
        ("smile", "😄"),
        ("+1", "👍️"),
        (":x:", "❌️"),
    ):
        search.fill(name)
        first = page.locator(".emoji-choice").first
        until(
            page,
            f"document.querySelector('.emoji-choice')?.textContent.trim().startsWith('{emoji[0]}')",
        )
        assert first.inner_text().strip().rstrip("\ufe0f") == emoji.rstrip("\ufe0f")


def test_the_reply_line_and_the_announcer_say_text(open_chat: OpenChat, server: Server) -> None:
    one, other = open_chat("crowd34"), open_chat("crowd35")
    talk_to(one, "crowd35")
    send(one, "**bold** and `code`, [a link](https://example.com)\n- [x] done")
    row = other.locator(".room-entry", has_text="crowd34")
    row.click()
    other.locator(".message-body strong").last.wait_for()
    send(one, "_so_ it `is`")
    spoken = other.get_by_role("log", name="New messages")
    spoken.get_by_text("so it is").wait_for(state="attached")
    message = other.locator(".message").filter(has_text="bold").last
    message.hover()
    message.get_by_role("button", name="Reply").click()
    line = other.locator(".composer-reply-body")
    assert line.inner_text() == "bold and code, a link ✅ done"
    one.press(".composer-text", "ArrowUp")
    one.fill("mc-message-editor textarea", "_so_ it `is`\n\n---")
    one.press("mc-message-editor textarea", "Enter")
    other.locator(".message-body hr").wait_for()
    assert line.inner_text() == "bold and code, a link ✅ done"

    # It follows what becomes of the message.
    mine = one.locator(".message").filter(has_text="bold").last
    mine.hover()
    mine.get_by_role("button", name="More").click()
    one.get_by_role("menuitem", name="Edit").click()
    one.fill("mc-message-editor textarea", "**other** words")
    one.press("mc-message-editor textarea", "Enter")
    expect(line).to_have_text("other words")
    mine = one.locator(".message").filter(has_text="other words").last
    mine.hover()
    mine.get_by_role("button", name="More").click()
    one.get_by_role("menuitem", name="Delete").click()
    one.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(line).to_have_text("a deleted message")
    other.get_by_role("button", name="Do not reply").click()
    last = other.locator(".message").last
    last.hover()
    last.get_by_role("button", name="Reply").click()
    assert line.inner_text() == "so it is —"
