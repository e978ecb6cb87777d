"""At the width of a side bar nothing is cut off, and nothing lies below something else."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, enter_room, send
from tests.browser.picture import landscape
from tests.support.live import Server

pytestmark = pytest.mark.once

OUT_OF_REACH = (Path(__file__).parent / "out_of_reach.js").read_text()
LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenpension"

ROOMS = f"""
import uuid
from django.utils import timezone
from accounts.models import User
from chat.models import Membership, Message, Room
from chat.models.messages import message_id
member, owner = User.objects.get(username="member"), User.objects.get(username="owner")
crowd = list(User.objects.filter(username__startswith="crowd"))
room = Room.objects.create(kind="private", name="{LONG}")
Membership.objects.create(room=room, user=owner, role="owner", read_number=40)
Membership.objects.create(room=room, user=member, read_number=120)
Membership.objects.bulk_create(Membership(room=room, user=each) for each in crowd)
rows = []
for number in range(1, 121):
    key = uuid.uuid4()
    rows.append(Message(id=message_id(member.id, key), room=room, number=number, position=number,
        sender=member, client_id=key, body=f"Number {{number}}.", html=f"<p>Number {{number}}.</p>",
        created_at=timezone.now()))
Message.objects.bulk_create(rows)
others = [Room(kind="private", name=f"Room {{n:03}} {LONG}") for n in range(150)]
Room.objects.bulk_create(others)
Membership.objects.bulk_create(Membership(room=each, user=owner, role="owner") for each in others)
"""

LARGE_TEXT = """() => {
  const one = (selector) => document.querySelector(selector);
  const middle = ({ top, bottom }) => (top + bottom) / 2;
  const badge = getComputedStyle(one(".room-entry .badge"));
  const brand = one(".brand-name");
  const box = (part) => one(`.room-search ${part}`).getBoundingClientRect();
  return {
    size: parseFloat(badge.fontSize),
    line: parseFloat(badge.lineHeight),
    brandIsCut: brand.scrollWidth > brand.clientWidth,
    isCentred: Math.abs(middle(box(".icon")) - middle(box(".input"))) < 2,
  };
}"""

TEXT = f"""{LONG}{LONG} and `{LONG}.{LONG}`, https://example.org/{LONG}/{LONG}

```python
print("{LONG}", "{LONG}")
```

|{LONG}|Amount|
|:-|-:|
|{LONG}|1|"""


def test_nothing_is_cut_off_or_covered_at_300_pixels(open_chat: OpenChat, server: Server) -> None:
    server.manage("shell", "-c", ROOMS)
    page = open_chat("owner", viewport={"width": 300, "height": 600})
    composer = page.locator(".composer-text")
    found: list[str] = []

    def look(what: str, within: str = "body") -> None:
        page.screenshot(path=SCREENSHOTS / f"narrow-{what}.png")
        lost = page.locator(within).first.evaluate(f"(root) => {OUT_OF_REACH.rstrip()}(root)")
        found.extend(f"{what}: {each}" for each in lost)

    def close() -> None:
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open], :popover-open")).to_have_count(0)

    def more(words: str, choose: str = "") -> None:
        message = page.locator("mc-message").filter(has_text=words).last
        message.hover()
        message.get_by_role("button", name="More").click()
        page.get_by_role("menuitem").first.wait_for()
        if choose:
            page.get_by_role("menuitem", name=choose).click()

    def pick_emoji() -> None:
        page.locator(".emoji-choice").first.wait_for()
        look("emoji", "mc-emoji-picker")
        close()

    # With text of twice the size, lines are as high as it, and the list is as wide.
    session = page.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    page.set_viewport_size({"width": 1280, "height": 600})
    page.locator(".room-entry .badge").first.wait_for()
    page.screenshot(path=SCREENSHOTS / "large-text.png")
    assert page.evaluate(LARGE_TEXT) == {
        "size": 24,
        "line": 40,
        "brandIsCut": False,
        "isCentred": True,
    }
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})
    page.set_viewport_size({"width": 300, "height": 600})

    # The rooms, of which there are many, and what opens over them.
    page.locator(".room-entry").first.wait_for()
    look("rooms")
    page.get_by_role("button", name="Your account").click()
    look("account", ".menu:popover-open")
    close()
    page.get_by_label("Search your rooms and people").fill("Room 14")
    look("search")
    page.get_by_label("Search your rooms and people").fill("")
    page.get_by_role("button", name="Start chat").click()
    page.get_by_label("Who do you want to talk to?").fill("crowd")
    page.get_by_role("option").first.wait_for()
    look("start", "dialog")
    tabs = page.get_by_role("tab")
    assert len(set(tabs.evaluate_all("(tabs) => tabs.map((tab) => tab.offsetTop)"))) == 1
    for tab in ("New room", "Public rooms"):
        page.get_by_role("tab", name=tab).click()
        look(f"start-{tab.split()[0].lower()}", "dialog")
    close()

    # A room of a long name, with much unread.
    enter_room(page, LONG)
    page.locator(".unread-bar").wait_for()
    look("unread")
    assert composer.evaluate("(field) => field.clientHeight") < 50
    who = page.locator("mc-room-header p")
    who.evaluate("(line) => line.append(' · 2 here now')")
    assert who.evaluate("(line) => line.scrollWidth <= line.clientWidth")
    page.get_by_role("button", name="Mark as read").click()
    page.locator(".unread-bar").wait_for(state="detached")
    send(page, TEXT)
    page.locator("mc-message:not(.is-unsent)", has_text="Amount").wait_for()
    look("long")
    more("Amount")
    look("message-menu", ".menu:popover-open")
    page.get_by_role("menuitem", name="Reply").click()
    look("reply")
    page.get_by_role("button", name="Do not reply to this message").click()
    page.locator("mc-message").last.hover()
    look("tools")
    page.locator("mc-message").last.get_by_role("button", name="Choose a reaction").click()
    pick_emoji()
    page.get_by_role("button", name="Insert an emoji").click()
    pick_emoji()
    composer.fill("@crowd")
    page.locator(".mention-list [role=option]").first.wait_for()
    look("mentions")
    composer.fill("")

    # Files before they are sent, and after.
    picture = {"mimeType": "image/png", "buffer": landscape()}
    files = [{"name": f"{LONG}-{n}.png", **picture} for n in range(3)]
    files.append({"name": f"{LONG}.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n"})
    page.set_input_files(".composer-file", files)  # type: ignore[arg-type]
    page.locator(".upload-size").nth(3).wait_for(timeout=60_000)
    look("uploads")
    send(page, "Four files")
    page.locator("mc-message .file-card").last.wait_for()
    look("attachments")
    page.locator("mc-message .thumbnail").last.click()
    page.locator(".lightbox[open]").wait_for()
    look("lightbox", ".lightbox")
    close()

    # Dialogs.
    more("Amount", "Edit")
    look("edit")
    page.keyboard.press("Escape")
    more("Four files", "Delete")
    look("confirm", "dialog")
    close()
    more("Number 120", "Report")
    look("report", "dialog")
    close()
    page.get_by_role("button", name="Members and details").click()
    page.locator("dialog[open] .found-entry").first.wait_for()
    look("details", "dialog")
    page.locator("dialog[open] mc-menu button").first.click()
    look("member-menu", ".menu:popover-open")
    page.keyboard.press("Escape")
    page.locator("dialog[open]").evaluate("(dialog) => (dialog.scrollTop = dialog.scrollHeight)")
    look("details-end", "dialog")
    close()
    for dialog in ("profile", "blocked", "shortcuts"):
        page.locator("mc-app").evaluate(f"(app) => app.tell('show-{dialog}', {{}})")
        page.locator("dialog[open]").wait_for()
        look(dialog, "dialog")
        close()
    assert not found, "\n".join(found)
