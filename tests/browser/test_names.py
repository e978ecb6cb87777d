"""Names that deceive, in the page: they turn no sentence, and who is meant can be told."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SCREENSHOTS, OpenChat, send
from tests.conftest import Serve

pytestmark = pytest.mark.once

TURNED = "abc\u202edef"
"""As it may have been stored before such names were refused."""
CAST = {
    "ada": "Ada Lovelace",
    "grace": "Grace Hopper",
    "mallory": "Grace Норреr",  # noqa: RUF001  (half of it is Cyrillic)
    "turner": TURNED,
    "sara": "שרה לוי",
}
ROOM = "Plans (טיוטה)"

PEOPLE = f"""
from accounts.models import User
from chat.actions.rooms import open_room
password = User.objects.get(username="owner").password
people = {{name: User.objects.create(username=name, display_name=shown, password=password)
          for name, shown in {CAST!r}.items()}}
open_room(people["grace"], kind="private", name={ROOM!r},
          members=["ada", "mallory", "turner", "sara"])
for name in ("grace", "mallory", "turner", "sara"):
    open_room(people["ada"], kind="direct", members=[name])
"""

# Where the words that the page itself writes stand, beside the name before them.
STANDS_BEHIND = """(element) => {
  const name = element.querySelector("bdi");
  const words = document.createRange();
  words.setStartAfter(name);
  words.setEndAfter(element.lastChild);
  const [first] = [...words.getClientRects()].filter(({ width }) => width > 0);
  return first.left >= name.getBoundingClientRect().right - 1;
}"""
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067"


@pytest.fixture
def ada(serve: Serve, open_chat: OpenChat) -> Page:
    """Her page, in a room in which all of them have written; the turner goes on typing."""
    server = serve(RATE_LIMITS="off")
    server.manage("shell", "-c", PEOPLE)
    for name in ("grace", "mallory", "sara", "turner"):
        page = open_chat(name, at=server)
        page.click(".room-entry:has-text('Plans')")
        send(page, f"I am {name}.")
        page.locator("mc-message").filter(has_text=f"I am {name}.").wait_for()
    ada = open_chat("ada", at=server, viewport={"width": 1100, "height": 760})
    ada.click(".room-entry:has-text('Plans')")
    ada.locator("mc-message").filter(has_text="I am turner.").wait_for()
    page.locator(".composer-text").press_sequentially("still here", delay=20)
    return ada


def test_names_turn_no_sentence_and_tell_who_is_meant(ada: Page) -> None:
    line = ada.locator(".typing-line")
    line.filter(has_text="is typing").wait_for()
    assert line.evaluate(STANDS_BEHIND)
    ada.screenshot(path=SCREENSHOTS / "names.png")

    heads = ada.locator(".message-head")
    assert all(head.evaluate(STANDS_BEHIND) for head in heads.all())
    # Two look the same: each is shown with the username, the others without.
    senders = [sender.inner_text().split() for sender in ada.locator(".message-sender").all()]
    assert [words[-1] for words in senders[:2]] == ["@grace", "@mallory"]
    assert not any("@" in word for words in senders[2:] for word in words)
    labels = [each.get_attribute("aria-label") or "" for each in ada.locator("mc-message").all()]
    assert labels[0].startswith("Grace Hopper @grace, ")
    assert labels[2].startswith(f"\u2068{CAST['sara']}\u2069, ")
    assert labels[3].startswith("\u2068abcdef\u2069, ")
    everything = ada.evaluate(
        """() => [...document.querySelectorAll("[aria-label], [title], [alt], [placeholder]")]
          .flatMap((each) => ["aria-label", "title", "alt", "placeholder"]
            .map((name) => each.getAttribute(name) ?? "")).join()"""
    )
    assert not set(everything) & set(CONTROLS)
    # No name stands in a sentence without being set apart from it.
    loose = ada.evaluate(
        """(names) => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          const found = [];
          while (walker.nextNode()) {
            const { data, parentElement } = walker.currentNode;
            if (parentElement.closest("script, style, bdi, .message-body, [role=log]")) continue;
            if (names.some((name) => data.includes(name))) found.push(parentElement.outerHTML);
          }
          return found;
        }""",
        [*CAST.values(), ROOM],
    )
    assert not loose

    # And in a narrow window, in the dark.
    ada.emulate_media(color_scheme="dark")
    ada.set_viewport_size({"width": 300, "height": 700})
    ada.locator(".typing-line").filter(has_text="is typing").wait_for()
    ada.screenshot(path=SCREENSHOTS / "names-narrow.png")
    assert ada.evaluate("document.documentElement.scrollWidth <= 300")
    ada.get_by_role("button", name="Back to the rooms").click()
    ada.screenshot(path=SCREENSHOTS / "names-narrow-rooms.png")
    entries = ada.locator(".room-name").all_inner_texts()
    assert any("@mallory" in entry for entry in entries)
    enter = ada.locator(".room-entry").filter(has_text="@mallory")
    enter.click()
    enter_name = ada.get_by_role("textbox", name=f"Message {CAST['mallory']} @mallory", exact=True)
    enter_name.wait_for()
