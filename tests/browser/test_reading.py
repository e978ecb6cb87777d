"""Where a room opens, what of it counts as seen, and what the lines between messages say."""

import uuid
from datetime import datetime, timedelta
from typing import Protocol

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenChat, assert_accessible, enter_room, send, until
from tests.support.live import Server

pytestmark = pytest.mark.once

HISTORY = """
import datetime, uuid
from django.utils import timezone
from accounts.models import User
from chat.models import Membership, Message, Room
from chat.models.messages import message_id
member, owner = User.objects.get(username="member"), User.objects.get(username="owner")
room = Room.objects.create(kind="private", name={name!r})
Membership.objects.create(room=room, user=owner, role="owner", read_number={read})
Membership.objects.create(room=room, user=member, read_number={count})
start = timezone.now() - datetime.timedelta(minutes={count})
rows = []
for number in range(1, {count} + 1):
    key = uuid.uuid4()
    rows.append(Message(id=message_id(member.id, key), room=room, number=number, position=number,
        sender=member, client_id=key, body=f"Number {{number}}.", html=f"<p>Number {{number}}.</p>",
        created_at=start + datetime.timedelta(minutes=number)))
Message.objects.bulk_create(rows)
"""

STATE = """(name) => {
  const { client } = document.querySelector("mc-app");
  const room = [...client.rooms.values()].find((room) => room.name === name);
  return { read: room.read, number: room.number };
}"""

SAY = """(count) => {
  const { client, roomId } = document.querySelector("mc-app");
  for (let n = 1; n <= count; n++) client.sendMessage(roomId, { body: `Said ${n}.` });
}"""

IN_VIEW = """() => {
  const list = document.querySelector(".messages").getBoundingClientRect();
  return [...document.querySelectorAll("mc-message")].filter((item) => {
    const { top, bottom } = item.getBoundingClientRect();
    return bottom > list.top + 1 && bottom <= list.bottom + 1 && top < bottom;
  }).map((item) => Number(item.dataset.number));
}"""


class RoomWith(Protocol):
    def __call__(self, count: int, *, read: int) -> str: ...


@pytest.fixture
def room_with(server: Server) -> RoomWith:
    """Makes a room of so many messages from member, up to one of which owner has read, and
    returns its name."""

    def make(count: int, *, read: int) -> str:
        name = f"News {uuid.uuid4().hex[:8]}"
        server.manage("shell", "-c", HISTORY.format(name=name, count=count, read=read))
        return name

    return make


def read_in(page: Page, name: str) -> int:
    return page.evaluate(STATE, name)["read"]


def stands(page: Page) -> None:
    """The list has drawn what it loads, and stands still."""
    until(
        page,
        """(() => {
          const list = document.querySelector("mc-message-list");
          return list?.placed && !list.opening && !list.feed.loading && list.settling === 0
            && !list.drawn.isGrowing;
        })()""",
    )
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_what_is_unread_stays_so_until_it_was_seen(
    open_chat: OpenChat, room_with: RoomWith
) -> None:
    name = room_with(200, read=100)
    one = open_chat("owner", viewport={"width": 900, "height": 600})
    others = one.title()
    enter_room(one, name)
    bar = one.locator(".unread-bar")
    bar.wait_for()
    stands(one)
    # It opens at the first unread message, and what is below is not read yet.
    assert one.locator(".unread-line + mc-message").inner_text().endswith("Number 101.")
    seen = one.evaluate(IN_VIEW)
    assert 101 in seen
    assert 100 < read_in(one, name) == max(seen) < 150
    assert bar.locator(".unread-count").inner_text() == f"{200 - max(seen)} unread"
    assert_accessible(one)

    # Nor does a load of the page read it.
    one.reload()
    bar.wait_for()
    stands(one)
    after = read_in(one, name)
    assert after < 180
    assert one.title().startswith("("), others

    # The end of the room is no proof that all before it was seen.
    one.get_by_role("button", name="Jump to newest").press("Enter")
    one.locator("mc-message").filter(has_text="Number 200.").wait_for()
    stands(one)
    assert read_in(one, name) == after
    first = one.get_by_role("button", name="Jump to first unread")
    first.press("Enter")
    one.locator("mc-message.is-found").filter(has_text=f"Number {after + 1}.").wait_for()
    stands(one)

    # What passes the reader's eyes is read, screen by screen.
    one.locator(".messages").focus()
    one.keyboard.press("PageDown")
    until(one, f"({STATE})({name!r}).read > {after + 1}")
    stands(one)
    assert read_in(one, name) < 190

    one.get_by_role("button", name="Mark as read").press("Enter")
    bar.wait_for(state="detached")
    assert read_in(one, name) == 200
    assert one.evaluate("document.activeElement.className") == "composer-text"


def test_what_comes_while_one_is_away_stands_below_a_line_and_is_not_read(
    open_chat: OpenChat, room_with: RoomWith
) -> None:
    name = room_with(30, read=30)
    one, other = open_chat("owner", viewport={"width": 900, "height": 600}), open_chat("member")
    enter_room(one, name)
    stands(one)
    enter_room(other, name)
    # At the end, before the reader's eyes, what comes is read, however much comes at once.
    other.evaluate(SAY, 40)
    until(one, f"({STATE})({name!r}).read === 70")
    assert one.locator(".unread-bar").count() == 0

    one.evaluate("document.hasFocus = () => false; dispatchEvent(new Event('blur'))")
    other.evaluate(SAY, 60)
    until(one, f"({STATE})({name!r}).number === 130")
    one.locator("mc-message").filter(has_text="Said 60.").last.wait_for()
    one.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
    stands(one)
    assert read_in(one, name) == 70
    one.locator(".unread-bar").filter(has_text="60 unread").wait_for()
    one.get_by_role("button", name="Jump to first unread").click()
    stands(one)
    assert 70 < read_in(one, name) < 130
    first = one.locator(".unread-line + mc-message")
    assert "Said 1." in first.inner_text()
    # Who answers has read.
    send(one, "An answer")
    one.locator(".unread-bar").wait_for(state="detached")
    until(one, f"({STATE})({name!r}).read === 131")

    # What came while the line was lost is not read either, nor by what was written meanwhile.
    one.context.set_offline(True)
    one.get_by_text("You are offline.").wait_for()
    send(one, "Written offline")
    other.evaluate(SAY, 50)
    until(other, f"({STATE})({name!r}).number === 181")
    one.context.set_offline(False)
    until(one, f"({STATE})({name!r}).number === 182")
    one.locator("mc-message:not(.is-unsent)").filter(has_text="Written offline").wait_for()
    one.locator(".unread-bar").filter(has_text="50 unread").wait_for()
    stands(one)
    assert read_in(one, name) == 131
    one.get_by_role("button", name="Jump to first unread").click()
    stands(one)
    assert "Said 1." in one.locator(".unread-line + mc-message").inner_text()
    until(one, f"({STATE})({name!r}).read > 131")


def test_a_room_shows_what_one_was_reading_when_one_comes_back(
    open_chat: OpenChat, room_with: RoomWith
) -> None:
    name = room_with(200, read=200)
    one, other = open_chat("owner", viewport={"width": 900, "height": 600}), open_chat("member")
    enter_room(one, name)
    stands(one)
    one.evaluate("document.querySelector('mc-message-list').jump(60)")
    one.locator("mc-message.is-found").wait_for()
    stands(one)
    before = one.evaluate(IN_VIEW)
    assert 60 in before
    enter_room(one, "The public room")
    enter_room(one, name)
    stands(one)
    assert one.evaluate(IN_VIEW) == before
    one.reload()
    stands(one)
    assert one.evaluate(IN_VIEW) == before

    # On a phone the rooms cover the room; what comes meanwhile is not seen.
    one.set_viewport_size({"width": 400, "height": 600})
    stands(one)
    narrow = one.evaluate(IN_VIEW)
    one.locator(".room-header button").first.click()
    one.locator(".room-entry").filter(has_text=name).wait_for()
    enter_room(other, name)
    send(other, "Number 201.")
    entry = one.locator(".room-entry").filter(has_text=name)
    entry.locator(".badge").filter(has_text="1").wait_for()
    assert read_in(one, name) == 200
    entry.click()
    stands(one)
    assert one.evaluate(IN_VIEW) == narrow
    one.set_viewport_size({"width": 900, "height": 600})

    # New ones that came meanwhile go first.
    enter_room(one, "The public room")
    enter_room(one, name)
    one.locator(".unread-line + mc-message").filter(has_text="Number 201.").wait_for()
    until(one, f"({STATE})({name!r}).read === 201")

    # Whoever answers knows what is above: the line goes.
    send(one, "I have read it")
    one.locator(".unread-line").wait_for(state="detached")

    # The arrow changes the last message of one's own, and not the last of those that are shown.
    other.evaluate("document.querySelector('mc-message-list').jump(20)")
    until(other, "document.querySelector('mc-message-list').feed.hasNewer")
    stands(other)
    other.press(".composer-text", "ArrowUp")
    expect(other.locator(".editor-text")).to_have_value("Number 201.")


def test_the_end_of_what_is_loaded_is_not_taken_for_that_of_the_room(
    open_chat: OpenChat, room_with: RoomWith
) -> None:
    """Where all that a jump has loaded below its message is in view, the next page led to the
    newest message."""
    name = room_with(400, read=400)
    page = open_chat("owner")
    enter_room(page, name)
    for height in range(900, 1420, 40):
        page.set_viewport_size({"width": 1000, "height": height})
        for number in (100, 350):  # the second is not loaded any more, and near the end
            page.evaluate(f"document.querySelector('mc-message-list').jump({number})")
            page.locator(f"mc-message[data-number='{number}'].is-found").wait_for()
            stands(page)
            assert number in page.evaluate(IN_VIEW), height


def test_today_becomes_yesterday_at_midnight(open_chat: OpenChat, room_with: RoomWith) -> None:
    name = room_with(3, read=3)
    one = open_chat("owner", kept=False)
    one.clock.install(time=datetime.now().replace(hour=23, minute=50))
    one.reload()
    enter_room(one, name)
    send(one, f"Late {uuid.uuid4()}")
    lines = one.locator(".day-line")
    lines.filter(has_text="Today").wait_for()
    one.clock.fast_forward(timedelta(minutes=20).seconds * 1000)
    lines.filter(has_text="Yesterday").wait_for()
    assert lines.filter(has_text="Today").count() == 0


LONG = "\n".join(f"Line {number}" for number in range(1, 60)) + "\n\nA needle at the end"

SEEN = """(text) => {
  const list = document.querySelector(".messages").getBoundingClientRect();
  const root = document.querySelector(".messages");
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    if (!node.data.includes(text)) continue;
    const range = document.createRange();
    range.setStart(node, node.data.indexOf(text));
    range.setEnd(node, node.data.indexOf(text) + text.length);
    const { top, bottom } = range.getBoundingClientRect();
    const body = node.parentElement.closest(".message-body").getBoundingClientRect();
    return top >= Math.max(list.top, body.top) && bottom <= Math.min(list.bottom, body.bottom);
  }
  return false;
}"""


def test_a_long_message_folds_and_its_end_and_its_tools_can_be_reached(
    open_chat: OpenChat, room_with: RoomWith
) -> None:
    name = room_with(3, read=3)
    one, other = open_chat("owner", viewport={"width": 900, "height": 600}), open_chat("member")
    enter_room(other, name)
    send(other, "short")
    other.fill(".composer-text", LONG)
    other.press(".composer-text", "Enter")
    send(other, "after it")
    enter_room(one, name)
    item = one.locator("mc-message").filter(has_text="A needle at the end")
    more = item.get_by_role("button", name="Show more")
    more.wait_for()
    assert one.locator(".fold-button").count() == 1
    assert not one.evaluate(SEEN, "needle")
    assert item.evaluate("item => item.offsetHeight") < 600
    assert_accessible(one)

    # It stays where it is when it is unfolded, also where the end of the room was in view.
    more.focus()
    top = item.evaluate("item => item.getBoundingClientRect().top")
    one.keyboard.press("Enter")
    less = item.get_by_role("button", name="Show less")
    less.wait_for()
    stands(one)
    assert abs(item.evaluate("item => item.getBoundingClientRect().top") - top) <= 2
    assert one.evaluate("document.activeElement.className") == "fold-button"

    # Its tools are in view, wherever in it the reader is.
    one.evaluate("document.querySelector('.messages').scrollTop += 700")
    box = one.locator(".messages").bounding_box()
    assert box is not None
    one.mouse.move(box["x"] + 200, box["y"] + 250)
    tools = item.get_by_role("toolbar").bounding_box()
    assert tools is not None
    assert box["y"] <= tools["y"] <= box["y"] + 100

    # It is remembered, until it is folded again.
    enter_room(one, "The public room")
    enter_room(one, name)
    less.wait_for()
    less.press("Enter")
    more.wait_for()
    stands(one)
    assert item.evaluate("item => item.getBoundingClientRect().top") >= box["y"] - 1

    # Find-in-page goes on inside, and so does a jump to the message.
    item.locator("p").filter(has_text="needle").scroll_into_view_if_needed()
    less.wait_for()
    until(one, f"({SEEN})('needle')")
    less.press("Enter")
    more.wait_for()
    one.evaluate("document.querySelector('mc-message-list').jump(5)")
    less.wait_for()
    less.press("Enter")
    more.wait_for()

    # In a side bar too a message is no longer than that.
    one.set_viewport_size({"width": 300, "height": 600})
    stands(one)
    assert item.evaluate("item => item.offsetHeight") < 600
    assert one.evaluate("document.documentElement.scrollWidth") <= 300


READ_ALL_BUT = """(names) => {
  const { client } = document.querySelector("mc-app");
  for (const { id, name, number } of client.rooms.values()) {
    if (!names.includes(name)) client.markRead(id, number);
  }
}"""


def test_keys_lead_to_the_rooms_that_have_something_unread(
    open_chat: OpenChat, room_with: RoomWith
) -> None:
    one = open_chat("owner")
    enter_room(one, "The public room")
    names = sorted(room_with(3, read=1) for _ in range(2))
    one.reload()
    one.locator(".room-entry").filter(has_text=names[1]).wait_for()
    one.evaluate(READ_ALL_BUT, names)
    opened = one.get_by_role("heading", level=2)
    one.keyboard.press("Alt+Shift+ArrowUp")
    opened.filter(has_text=names[1]).wait_for()
    one.locator(".room-entry.is-unread").filter(has_text=names[1]).wait_for(state="detached")
    one.keyboard.press("Alt+Shift+ArrowUp")
    opened.filter(has_text=names[0]).wait_for()
    one.locator(".room-entry.is-unread").filter(has_text=names[0]).wait_for(state="detached")
    one.keyboard.press("Alt+Shift+ArrowDown")
    one.locator(".toast").filter(has_text="Nothing else is unread.").wait_for()
    opened.filter(has_text=names[0]).wait_for()
