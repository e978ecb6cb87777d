"""Writing: input methods, keys within code, and what is pasted, as browsers have them."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, WebSocketRoute, expect

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


def sent(page: Page, text: str) -> None:
    """Waits until the newest message is this one, and the server has it."""
    newest = "[...document.querySelectorAll('mc-message')].at(-1)"
    until(page, f"{newest}?.message.body === '{text}' && {newest}.message.state === 'sent'")


def test_keys_of_an_input_method_mean_nothing_to_the_page(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    talk_to(one, "member")
    send(one, "はじめ")
    said = one.locator("mc-message").filter(has_text="はじめ").last
    sent(one, "はじめ")
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


def test_code_is_written_as_code_and_undo_reaches_back(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    talk_to(one, "member")
    composer = one.locator(".composer-text")
    keyboard = one.keyboard

    # Enter is a new line and Tab indents, until the block is closed.
    composer.press_sequentially("```py")
    keyboard.press("Enter")
    one.locator(".code-hint").wait_for()
    keyboard.type("a")
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.type("@me")
    assert one.locator(".mention-option").count() == 0
    keyboard.press("Tab")
    keyboard.press("Shift+Tab")
    assert composer.input_value() == "```py\na\n@me  "
    keyboard.press("Control+a")
    keyboard.press("End")
    assert_undone(one, ["```py\na\n  @me  ", "```py\na\n  @me"])
    one.evaluate("document.querySelector('.composer-text').setSelectionRange(6, 9)")
    keyboard.press("Tab")
    assert composer.input_value() == "```py\n  a\n    @me"
    keyboard.press("Shift+Tab")
    assert composer.input_value() == "```py\na\n  @me"

    # Tab is no trap.
    keyboard.press("Escape")
    keyboard.press("Tab")
    until(one, "!document.activeElement.matches('.composer-text')")
    assert composer.input_value() == "```py\na\n  @me"
    composer.focus()
    keyboard.press("Escape")
    keyboard.press("Shift+Tab")
    until(one, "!document.activeElement.matches('.composer-text')")

    # Closed, it is sent by Enter; in a block that stays open, by Ctrl+Enter.
    composer.focus()
    keyboard.press("Control+End")
    keyboard.press("Enter")
    keyboard.type("```")
    assert one.locator(".code-hint").count() == 0
    keyboard.press("Enter")
    said = one.locator("mc-message", has=one.locator("code.language-python")).last
    said.wait_for()
    composer.press_sequentially("```")
    keyboard.press("Control+Enter")
    sent(one, "```")

    # The message editor has the same keys.
    keyboard.press("ArrowUp")
    editor = one.locator("mc-message-editor textarea")
    editor.wait_for()
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.type("x")
    assert editor.input_value() == "```\n  x"
    keyboard.press("Control+Enter")
    editor.wait_for(state="detached")
    one.locator("mc-message pre", has_text="x").last.wait_for()

    # What is put into the text is undone like what is typed.
    composer.press_sequentially("hi @mem")
    one.locator(".mention-option").first.wait_for()
    keyboard.press("Enter")
    assert composer.input_value() == "hi @member "
    one.get_by_role("button", name="Insert an emoji").click()
    one.locator(".emoji-choice").first.click()
    until(one, "document.querySelector('.composer-text').value !== 'hi @member '")
    assert_undone(one, ["hi @member ", "hi @mem", ""])


def assert_undone(page: Page, values: list[str]) -> None:
    """Each value stands in the composer after an undo or two."""
    for value in values:
        for _ in range(3):
            page.keyboard.press("Control+z")
            if page.input_value(".composer-text") == value:
                break
        assert page.input_value(".composer-text") == value


def test_on_touch_enter_makes_a_new_line_and_no_field_is_zoomed_into(
    open_chat: OpenChat, open_page: OpenChat
) -> None:
    small = """[...document.querySelectorAll("input, textarea, select")]
      .filter(({ type }) => !["hidden", "file", "checkbox", "radio"].includes(type))
      .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16)
      .map((field) => field.outerHTML)"""
    phone: dict[str, Any] = {
        "has_touch": True,
        "is_mobile": True,
        "viewport": {"width": 360, "height": 700},
    }
    stranger = open_page(**phone)
    for path in ("/accounts/login/", "/accounts/signup/"):
        answer = stranger.goto(path)
        assert answer and answer.ok
        assert stranger.evaluate(small) == []

    one = open_chat("owner", **phone)
    assert one.evaluate(small) == []
    one.get_by_role("button", name="Start chat").tap()
    for tab in ("People", "New room", "Public rooms"):
        one.get_by_role("tab", name=tab).tap()
        assert one.evaluate(small) == []
    one.keyboard.press("Escape")
    talk_to(one, "member")
    composer = one.locator(".composer-text")
    composer.press_sequentially("first")
    one.keyboard.press("Enter")
    one.keyboard.type("second @mem")
    one.locator(".mention-option").first.wait_for()
    one.keyboard.press("Enter")
    assert composer.input_value() == "first\nsecond @mem\n"
    one.get_by_role("button", name="Send", exact=True).tap()
    said = one.locator("mc-message").filter(has_text="second").last
    said.wait_for()

    said.focus()
    said.get_by_role("button", name="More actions").tap()
    one.get_by_role("menuitem", name="Edit").tap()
    editor = one.locator("mc-message-editor textarea")
    editor.wait_for()
    editor.press("Enter")
    editor.press_sequentially("third")
    assert "\nthird" in editor.input_value()
    assert one.evaluate(small) == []
    one.get_by_role("button", name="Save").tap()
    one.locator("mc-message").filter(has_text="third").last.wait_for()

    for path in ("/accounts/profile/", "/accounts/password/change/"):
        answer = one.goto(path)
        assert answer and answer.ok
        assert one.locator("input:visible").count() > 0
        assert one.evaluate(small) == []


PICTURE = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 4, height: 4 });
  canvas.getContext("2d").fillRect(0, 0, 4, 4);
  const blob = await new Promise((done) => canvas.toBlob(done));
  window.picture = (name) => new File([blob], name, { type: "image/png" });
  window.pasteAs = (selector, texts, files) => {
    const data = new DataTransfer();
    for (const [type, text] of Object.entries(texts)) data.setData(type, text);
    for (const file of files) data.items.add(file);
    const field = document.querySelector(selector);
    field.focus();
    field.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
    );
  };
  window.copy = (texts, withPicture) => navigator.clipboard.write([new ClipboardItem({
    ...Object.fromEntries(
      Object.entries(texts).map(([type, text]) => [type, new Blob([text], { type })])),
    ...(withPicture ? { "image/png": blob } : {}),
  })]);
}"""
STYLED = """<html><head><meta charset="utf-8"><style>td { color: red }</style></head>
<body link="#0563C1"><!--StartFragment--><style><!-- br { display: none } --></style>
<google-sheets-html-origin><table style="border: none" onclick="alert(1)" title="1 > 0"><tr>
<td style='color: blue'>a &gt; b</td><td>c</td></tr><tr><td>d</td><td>e</td></tr></table>
<script>alert(1)</script><!--EndFragment--></body></html>"""
"""As spreadsheets write it: reading it must break no rule of the page's policy."""
CELLS = {
    "text/plain": "a\tb\nc\td",
    "text/html": "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
}


def test_paste_does_what_the_person_means(open_chat: OpenChat) -> None:
    one = open_chat("owner", permissions=["clipboard-read", "clipboard-write"])
    talk_to(one, "member")
    composer = one.locator(".composer-text")
    files = one.locator(".upload")
    one.evaluate(PICTURE)

    # The system's own clipboard: a spreadsheet, a word processor, a screenshot.
    composer.focus()
    one.evaluate("(texts) => copy(texts, true)", CELLS)
    composer.press_sequentially("x")
    one.keyboard.press("Control+v")
    assert composer.input_value() == "xa\tb\nc\td"
    assert files.count() == 0
    one.keyboard.press("Control+z")
    assert composer.input_value() == "x"
    one.evaluate("() => copy({}, true)")
    one.keyboard.press("Control+v")
    files.wait_for()
    assert composer.input_value() == "x"

    def pasted(texts: dict[str, str], names: str = "[]", at: str = ".composer-text") -> None:
        code = f"([at, texts]) => pasteAs(at, texts, {names})"
        one.evaluate(code, [at, texts])

    # The same in every mix that programs make.
    picture = "[picture('image.png')]"
    texts = [
        (CELLS, picture, "a\tb\nc\td"),
        ({"text/plain": "words", "text/html": "<b>words</b>", "text/rtf": "{}"}, picture, "words"),
        ({"text/plain": "let x", "text/html": "<pre>let x</pre>"}, "[]", "let x"),
        ({"text/plain": "cells only"}, "[picture('cells.png')]", "cells only"),
        ({"text/plain": "image"}, picture, "image"),
        ({"text/html": "<p>one</p><p>two &amp; three</p>"}, "[]", "one\ntwo & three"),
        ({"text/html": "<p>one</p><img src='x:'>"}, picture, "one"),
        ({"text/html": STYLED}, "[]", "a > b\tc\nd\te"),
        ({"text/plain": "a\tb", "text/html": STYLED}, picture, "a\tb"),
        ({"text/plain": "line\n" * 2000}, picture, "line\n" * 2000),
        ({"text/uri-list": "# a comment\r\nhttps://example.org/"}, "[]", "https://example.org/"),
    ]
    for kinds, with_files, expected in texts:
        composer.fill("")
        pasted(kinds, with_files)
        assert composer.input_value() == expected, kinds
        assert files.count() == 1, kinds
    composer.fill("")
    address = "https://example.org/seen"
    pictures = [
        ({"text/html": "<style>p {}</style><p style='margin: 0'><img src='x:'></p>"}, picture),
        ({"text/html": f"<meta charset='utf-8'><img src='{address}' alt='seen'>"}, picture),
        ({"text/plain": address, "text/uri-list": address}, picture),
        ({"text/plain": "holiday.png"}, "[picture('holiday.png')]"),
        ({"text/plain": "/home/me/holiday.png"}, "[picture('holiday.png')]"),
        ({"text/plain": "file:///me/a%20&%20b.png"}, "[picture('a & b.png')]"),
        ({"text/plain": "re\u0301sume\u0301.png"}, "[picture('r\u00e9sum\u00e9.png')]"),
        ({"text/plain": "Screenshot 7"}, "[picture('Screenshot 7.png')]"),
        ({"text/plain": "a.png\nb.png"}, "[picture('a.png'), picture('b.png')]"),
        ({"text/plain": "plan.txt"}, "[new File(['plan'], 'plan.txt', { type: 'text/plain' })]"),
    ]
    count = 1
    for kinds, with_files in pictures:
        pasted(kinds, with_files)
        count += 2 if "," in with_files and "b.png" in with_files else 1
        until(one, f"document.querySelectorAll('.upload').length === {count}")
        assert composer.input_value() == "", kinds

    # A link over a selection links it; over nothing, in code, or over a link, it is a link.
    def over(text: str, start: int, end: int, link: str, at: str = ".composer-text") -> str:
        one.fill(at, text)
        place = [at, start, end]
        one.evaluate("([at, a, b]) => document.querySelector(at).setSelectionRange(a, b)", place)
        pasted({"text/plain": link, "text/html": f"<a href='{link}'>A title</a>"}, at=at)
        return one.input_value(at)

    linked = f"see [the docs]({address}) now"
    assert over("see the docs now", 4, 12, address) == linked
    assert one.evaluate("document.activeElement.matches('.composer-text')")
    one.keyboard.press("Control+z")
    assert composer.input_value() == "see the docs now"
    assert over("see a[0] now", 4, 9, address) == f"see [a\\[0\\]]({address}) now"
    assert over("x", 0, 1, "https://e.org/a_(b)") == "[x](<https://e.org/a_(b)>)"
    assert over("mail me", 5, 7, "mailto:a@b.example") == "mail [me](mailto:a@b.example)"
    assert over("see ", 4, 4, address) == f"see {address}"
    assert over("https://old.example", 0, 19, address) == address
    assert over("a\nb", 0, 3, address) == address
    assert over("`x`", 1, 2, address) == f"`{address}`"
    assert over("[x](old)", 4, 7, address) == f"[x]({address})"
    assert over("x", 0, 1, "javascript:alert(1)") == "javascript:alert(1)"
    assert over("x", 0, 1, f"{address} and words") == f"{address} and words"

    # The message editor: the same texts, and files wait for the next message.
    composer.fill("to be changed")
    composer.press("Enter")
    sent(one, "to be changed")
    composer.press("ArrowUp")
    at = "mc-message-editor textarea"
    one.locator(at).wait_for()
    assert over("see the docs now", 4, 12, address, at) == linked
    one.fill(at, "")
    pasted(CELLS, picture, at)
    assert one.input_value(at) == CELLS["text/plain"]
    assert files.count() == 0
    pasted({}, picture, at)
    files.wait_for()
    assert one.input_value(at) == CELLS["text/plain"]
    assert one.evaluate(f"document.activeElement.matches('{at}')")


def test_people_are_mentioned_beside_letters_of_other_scripts(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    enter_room(one, "The private room")
    composer = one.locator(".composer-text")
    for begun, chosen in (("你好@mem", "你好@member "), ("สวัสดี＠MEM", "สวัสดี＠member ")):
        composer.press_sequentially(begun)
        one.locator(".mention-option").filter(has_text="@member").wait_for()
        one.keyboard.press("Enter")
        assert composer.input_value() == chosen
        composer.fill("")
    bodies = {"你好@member你好": "@member", "＠Memberさん、a@b.example": "＠Member"}
    for body, shown in bodies.items():
        send(one, body)
        sent(one, body)
        said = one.locator("mc-message").last
        said.locator(".mention").wait_for()
        assert said.locator(".mention").all_inner_texts() == [shown]
        assert said.locator("[data-username=member]").count() == 1
    send(one, "3. A list that goes on")
    one.locator("mc-message ol[start='3']").wait_for()
    # Whom it calls sees so, however the sign and the name are written.
    two = open_chat("member")
    enter_room(two, "The private room")
    two.locator(".mention.is-me", has_text="＠Member").wait_for()


def test_people_are_mentioned_where_a_message_is_changed(open_chat: OpenChat) -> None:
    one = open_chat("owner", viewport={"width": 360, "height": 640})
    enter_room(one, "The private room")
    for text in ("above", "to be changed"):
        send(one, text)
        sent(one, text)
    one.press(".composer-text", "ArrowUp")
    editor = one.locator(".editor-text")
    options = one.locator(".mention-option")

    # By keys: Enter chooses, and Escape closes the list and not the editor.
    editor.press("End")
    editor.press_sequentially(" @mem")
    expect(options).to_have_count(1)
    assert editor.get_attribute("aria-activedescendant") == options.get_attribute("id")
    named = f"document.getElementById('{editor.get_attribute('aria-controls')}')"
    assert one.evaluate(f"{named}.matches('[role=listbox]:popover-open')")
    # All of it is seen, and it covers no letter of the text.
    box, written = one.locator(".mention-list:popover-open").bounding_box(), editor.bounding_box()
    assert box and written
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 640
    assert box["x"] + box["width"] <= 360
    top, bottom = written["y"], written["y"] + written["height"]
    assert box["y"] >= bottom or box["y"] + box["height"] <= top
    assert_accessible(one)
    one.screenshot(path=SCREENSHOTS / "editor-mention.png")
    editor.press("Escape")
    expect(options).to_have_count(0)
    assert editor.input_value() == "to be changed @mem"
    editor.press("Backspace")
    expect(options).to_have_count(1)
    editor.press("Enter")
    assert editor.input_value() == "to be changed @member "
    editor.press("Control+z")
    assert editor.input_value() == "to be changed @me"

    # By the pointer, in the editor above while the composer has a list of its own.
    editor.press("m")
    options.first.click()
    assert editor.input_value() == "to be changed @member "
    one.locator(".composer-text").press_sequentially("@mem")
    expect(options).to_have_count(1)
    one.press(".composer-text", "Enter")
    assert one.input_value(".composer-text") == "@member "
    one.fill(".composer-text", "")

    # What is saved calls them.
    editor.focus()
    editor.press("Enter")
    said = one.locator("mc-message").filter(has_text="to be changed").last
    expect(said.locator(".mention")).to_have_text("@member")


def test_the_last_message_is_changed_also_while_it_is_on_its_way(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    held: list[tuple[WebSocketRoute, str]] = []
    holds = False

    def wire(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if holds and "message.send" in str(frame):
                held.append((server, str(frame)))
            else:
                server.send(frame)

        socket.on_message(pass_on)

    def release() -> None:
        nonlocal holds
        holds = False
        while held:
            server, frame = held.pop(0)
            server.send(frame)

    one.route_web_socket("**/ws/**", wire)
    one.reload()
    enter_room(one, "The private room")
    editor = one.locator(".editor-text")
    send(one, "the one before")
    sent(one, "the one before")

    # It is opened as soon as the server has it, and no other meanwhile.
    holds = True
    send(one, "the last one")
    one.press(".composer-text", "ArrowUp")
    one.locator("mc-message.is-unsent").filter(has_text="the last one").wait_for()
    assert editor.count() == 0
    release()
    expect(editor).to_have_value("the last one")
    editor.press("Escape")

    # Unless the person went on writing.
    holds = True
    send(one, "and another")
    one.press(".composer-text", "ArrowUp")
    one.press(".composer-text", "x")
    release()
    sent(one, "and another")
    assert editor.count() == 0
    assert one.input_value(".composer-text") == "x"
    one.fill(".composer-text", "")

    # The reader need not be at the end of the room.
    one.evaluate("document.querySelector('.messages').scrollTop = 0")
    one.press(".composer-text", "ArrowUp")
    expect(editor).to_have_value("and another")
    expect(editor).to_be_in_viewport()
    editor.press("Escape")
