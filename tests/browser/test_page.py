"""The page in real browsers: what two people do with it."""

import base64
import re
import statistics
import uuid

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import (
    SCREENSHOTS,
    OpenChat,
    enter_room,
    send,
    talk_to,
    try_now,
    until,
)
from tests.conftest import PASSWORD
from tests.support.live import Server
from tests.support.pictures import picture

pytestmark = pytest.mark.once

PASTE = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  document.querySelector(".composer-text").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""

# Answers with the moment at which a text is in the list of messages.
WATCH_FOR = """(text) => {
  const seen = () => document.querySelector("mc-message-list").textContent.includes(text);
  window.seen = new Promise((resolve) => {
    const observer = new MutationObserver(() => seen() && resolve(Date.now()));
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}"""


def messages(page: Page, text: str) -> int:
    return page.locator("mc-message").filter(has_text=text).count()


def two_in_a_direct_room(open_chat: OpenChat) -> tuple[Page, Page]:
    one, other = open_chat("owner"), open_chat("member")
    talk_to(one, "member")
    talk_to(other, "owner")
    return one, other


def test_a_message_is_in_the_other_browser_within_300_ms(open_chat: OpenChat) -> None:
    one, other = two_in_a_direct_room(open_chat)
    took = []
    for _ in range(5):
        text = f"quick {uuid.uuid4()}"
        other.evaluate(WATCH_FOR, text)
        one.fill(".composer-text", text)
        sent_at = one.evaluate(
            "() => { document.querySelector('form.composer').requestSubmit(); return Date.now(); }"
        )
        took.append(other.evaluate("window.seen") - sent_at)
    assert statistics.median(took) < 300, took


def test_a_pasted_image_is_seen_by_the_other(open_chat: OpenChat) -> None:
    one, other = two_in_a_direct_room(open_chat)
    before = other.locator(".thumbnail img").count()
    one.evaluate(PASTE, base64.b64encode(picture("PNG", (640, 480))).decode())
    one.wait_for_selector(".upload")
    one.press(".composer-text", "Enter")
    image = other.locator(".thumbnail img").nth(before)
    image.wait_for()
    assert image.get_attribute("width") == "360"
    width = image.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }")
    assert width > 0
    image.click()
    other.wait_for_selector("dialog.lightbox[open]")
    other.keyboard.press("Escape")
    other.wait_for_selector("dialog.lightbox", state="detached")


def test_a_picture_that_did_not_come_is_asked_for_again(open_chat: OpenChat) -> None:
    one, other = two_in_a_direct_room(open_chat)
    before = other.locator(".thumbnail img").count()
    other.route("**/media/**", lambda route: route.abort())
    one.evaluate(PASTE, base64.b64encode(picture("PNG", (320, 200))).decode())
    one.wait_for_selector(".upload")
    with other.expect_event("requestfailed"):
        one.press(".composer-text", "Enter")
    image = other.locator(".thumbnail img").nth(before)
    image.wait_for()
    other.unroute("**/media/**")
    seen = f"document.querySelectorAll('.thumbnail img')[{before}].naturalWidth > 0"
    until(other, seen)


def test_what_is_written_offline_outlives_a_reload_and_is_delivered_once(
    open_chat: OpenChat,
) -> None:
    one, other = two_in_a_direct_room(open_chat)
    cut = True

    def wire(socket: WebSocketRoute) -> None:
        if cut:
            socket.close(code=1012)
        else:
            socket.connect_to_server()

    one.route_web_socket(re.compile("/ws/"), wire)
    one.reload()
    one.wait_for_selector(".connection-line")
    cut = False
    try_now(one)
    one.wait_for_selector("mc-composer textarea")
    cut = True
    one.context.set_offline(True)
    text = f"from the tunnel {uuid.uuid4()}"
    send(one, text)
    one.locator("mc-message.is-unsent").filter(has_text=text).wait_for()
    one.wait_for_selector(".connection-line")
    one.context.set_offline(False)
    one.reload()
    one.wait_for_selector(".connection-line")
    assert messages(other, text) == 0
    cut = False
    try_now(one)
    other.locator("mc-message").filter(has_text=text).wait_for()
    one.locator("mc-message:not(.is-unsent)").filter(has_text=text).wait_for()
    one.reload()
    one.locator("mc-message").filter(has_text=text).wait_for()
    other.wait_for_timeout(500)
    assert messages(other, text) == 1
    assert messages(one, text) == 1


def test_without_a_connection_nobody_is_shown_as_here_and_the_reason_is_told(
    open_chat: OpenChat,
) -> None:
    one, other = two_in_a_direct_room(open_chat)
    sockets: list[WebSocketRoute] = []
    is_cut = False

    def wire(socket: WebSocketRoute) -> None:
        if is_cut:
            socket.close(code=1012)
        else:
            socket.connect_to_server()
            sockets.append(socket)

    one.route_web_socket(re.compile("/ws/"), wire)
    one.reload()
    enter_room(one, "member")
    for page in (one, other):  # people who both wrote see each other
        send(page, "Hello")
    header = one.locator("mc-room-header p")
    entry = one.locator(".room-entry").filter(has_text="member")
    line = one.locator(".connection-line")

    def is_known() -> None:
        expect(header).to_have_text("@member · here now")
        expect(one.locator("mc-room-header .presence.is-here")).to_have_count(1)
        expect(entry.locator(".presence.is-here")).to_have_count(1)
        expect(entry).to_contain_text("here now")

    def is_not_known() -> None:
        """Neither here nor away, wherever people are shown."""
        expect(header).to_have_text("@member")
        expect(one.locator(".presence")).to_have_count(0)
        expect(entry).not_to_contain_text("here now")

    is_known()
    # A list that is open shows what is known now, and not what was when it was opened.
    one.locator(".composer-text").press_sequentially("@mem")
    expect(one.locator(".mention-option .presence.is-here")).to_have_count(1)
    one.context.set_offline(True)
    expect(one.locator(".mention-option")).to_have_count(1)
    is_not_known()
    expect(line).to_contain_text("You are offline.")
    one.screenshot(path=SCREENSHOTS / "offline.png")
    one.press(".composer-text", "Escape")
    one.fill(".composer-text", "")
    one.context.set_offline(False)
    expect(line).to_have_count(0)
    is_known()

    # Here the network is there, and the server is not.
    enter_room(one, "The private room")
    one.get_by_role("button", name="Members and details").click()
    expect(one.locator(".members .presence.is-here").first).to_be_visible()
    is_cut = True
    sockets.pop().close(code=1012)
    expect(one.locator(".members .found-entry").first).to_be_visible()
    expect(one.locator(".presence")).to_have_count(0)
    one.keyboard.press("Escape")
    expect(one.locator("mc-room-header p")).not_to_contain_text("here")
    enter_room(one, "member")
    is_not_known()
    expect(line).to_contain_text("The server is not reached.")
    expect(line).not_to_contain_text("offline")
    is_cut = False
    try_now(one)
    expect(line).to_have_count(0)
    is_known()


def test_a_draft_and_its_files_outlive_a_reload(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    talk_to(one, "crowd1")
    one.fill(".composer-text", "half a thought")
    one.set_input_files(
        ".composer-file", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    )
    one.locator(".upload-size").wait_for()
    one.reload()
    one.wait_for_selector(".upload")
    assert one.input_value(".composer-text") == "half a thought"
    one.press(".composer-text", "Enter")
    one.locator(".file-card").filter(has_text="notes.txt").wait_for()
    one.reload()
    one.locator(".file-card").filter(has_text="notes.txt").wait_for()
    assert one.input_value(".composer-text") == ""


def test_an_upload_that_is_not_reached_is_tried_again_and_its_message_follows(
    open_chat: OpenChat,
) -> None:
    one = open_chat("owner")
    talk_to(one, "crowd2")
    one.route("**/api/v1/attachments", lambda route: route.abort())
    one.fill(".composer-text", "with a file")
    one.set_input_files(
        ".composer-file", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"plan"}
    )
    one.locator(".upload-wait").filter(has_text="not reached. It is tried again").wait_for()
    one.press(".composer-text", "Enter")
    waiting = one.locator("mc-message.is-unsent").filter(has_text="with a file")
    waiting.get_by_text("This is sent as soon as the files are uploaded.").wait_for()
    assert one.input_value(".composer-text") == ""
    one.unroute("**/api/v1/attachments")
    one.get_by_role("button", name="Try now: plan.txt").click()
    waiting.wait_for(state="detached")
    one.locator(".file-card").filter(has_text="plan.txt").wait_for()


def test_a_refused_upload_says_why_keeps_the_draft_and_can_be_retried(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    talk_to(one, "crowd2")
    refusal = {"code": "forbidden", "detail": "Such files cannot be sent here."}
    one.route("**/api/v1/attachments", lambda route: route.fulfill(status=403, json=refusal))
    one.fill(".composer-text", "with a second file")
    one.set_input_files(
        ".composer-file", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"plan"}
    )
    assert "cannot be sent here" in one.locator(".upload-error").inner_text()
    one.press(".composer-text", "Enter")
    assert one.input_value(".composer-text") == "with a second file"
    one.unroute("**/api/v1/attachments")
    one.get_by_role("button", name="Retry plan.txt").click()
    one.locator(".upload-size").wait_for()
    one.press(".composer-text", "Enter")
    one.locator("mc-message").filter(has_text="with a second file").wait_for()


def test_edits_reactions_replies_and_deletions_show_in_the_other_browser(
    open_chat: OpenChat,
) -> None:
    one, other = two_in_a_direct_room(open_chat)
    text = f"first {uuid.uuid4()}"
    send(one, text)
    theirs = other.locator("mc-message").filter(has_text=text)
    theirs.hover()
    theirs.get_by_role("button", name="React with 👍").click()
    one.locator("mc-message").filter(has_text=text).locator(".reaction").wait_for()
    theirs.get_by_role("button", name="Reply", exact=True).click()
    send(other, "an answer")
    one.locator("mc-message .quote").filter(has_text=text).wait_for()

    one.press(".composer-text", "ArrowUp")
    one.fill("mc-message-editor textarea", f"second {text}")
    one.keyboard.press("Enter")
    changed = other.locator("mc-message").filter(has=other.locator(".edited"))
    changed.filter(has_text=f"second {text}").wait_for()
    other.locator("mc-message .quote").filter(has_text=f"second {text}").wait_for()

    mine = one.locator("mc-message").filter(has_text=f"second {text}").first
    mine.hover()
    mine.get_by_role("button", name="More actions").click()
    one.get_by_role("menuitem", name="Delete…").click()
    one.get_by_role("button", name="Delete message").click()
    other.locator("mc-message .tombstone").last.wait_for()
    assert messages(other, text) == 0


def test_what_is_unread_is_counted_marked_and_read_when_it_is_seen(open_chat: OpenChat) -> None:
    one, other = open_chat("owner"), open_chat("member")
    talk_to(one, "crowd3")
    enter_room(other, "The private room")
    texts = [f"news {number} {uuid.uuid4()}" for number in range(3)]
    for text in texts:
        send(other, text)
    entry = one.locator(".room-entry").filter(has_text="The private room")
    entry.locator(".badge").filter(has_text="3").wait_for()
    assert one.title().startswith("(")
    entry.click()
    line = one.locator(".unread-line + mc-message")
    line.filter(has_text=texts[0]).wait_for()
    entry.locator(".badge").wait_for(state="detached")
    one.reload()
    one.locator("mc-message").filter(has_text=texts[2]).wait_for()
    assert one.locator(".unread-line").count() == 0


def test_a_new_message_is_announced_and_history_is_not(open_chat: OpenChat) -> None:
    one, other = two_in_a_direct_room(open_chat)
    log = one.get_by_role("log")
    assert log.inner_text().strip() == ""
    text = f"listen {uuid.uuid4()}"
    send(other, text)
    log.filter(has_text=f"member: {text}").wait_for()


LONG = """
import datetime, uuid
from django.utils import timezone
from accounts.models import User
from chat.models import Membership, Message, Room
from chat.models.messages import message_id
from chat.rendering.text import render
owner = User.objects.get(username="owner")
room = Room.objects.create(kind="private", name="Long history")
Membership.objects.create(room=room, user=owner, role="owner", read_number=1200)
start = timezone.now() - datetime.timedelta(days=9)
rows = []
for number in range(1, 1201):
    key = uuid.uuid4()
    body = f"Message {number}" + " with words" * (number * 7 % 60) + "\\n\\n" * (number % 2) + "end"
    rows.append(Message(id=message_id(owner.id, key), room=room, number=number, position=number,
        sender=owner, client_id=key, body=body, html=render(body).html,
        created_at=start + datetime.timedelta(minutes=10 * number)))
Message.objects.bulk_create(rows)
"""

# Scrolls to the beginning and notes how far a message that stood still in the history moved on
# the screen by anything but the scrolling.
SCROLL_UP = """async () => {
  const scroller = document.querySelector(".messages");
  const { feed } = document.querySelector("mc-message-list");
  const frame = () => new Promise(requestAnimationFrame);
  let most = 0, jump = 0, added = 0, mostAdded = 0;
  new MutationObserver((changes) => {
    for (const change of changes) {
      added += [...change.addedNodes].filter((node) => node.localName === "mc-message").length;
    }
  }).observe(document.querySelector(".messages-content"), { childList: true });
  const count = () => {
    mostAdded = Math.max(mostAdded, added);
    added = 0;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  for (let step = 0; step < 3000 && feed.messages[0].number > 1; step++) {
    const items = [...document.querySelectorAll("mc-message")];
    most = Math.max(most, items.length);
    const held = items.find((item) => item.getBoundingClientRect().bottom > 300);
    const before = held.getBoundingClientRect().top + scroller.scrollTop;
    const height = scroller.scrollHeight;
    scroller.scrollTop -= 300;
    const top = held.getBoundingClientRect().top;
    await frame();
    await frame();
    if (held.isConnected) jump = Math.max(jump, Math.abs(held.getBoundingClientRect().top - top));
  }
  return { most, jump, mostAdded, first: feed.messages[0].number };
}"""


def test_a_long_history_scrolls_without_jumps_in_a_bounded_document(
    open_chat: OpenChat, server: Server
) -> None:
    server.manage("shell", "-c", LONG)
    one = open_chat("owner", viewport={"width": 1000, "height": 700})
    enter_room(one, "Long history")
    one.locator("mc-message").filter(has_text="Message 1200").wait_for()
    result = one.evaluate(SCROLL_UP)
    assert result["first"] == 1
    assert result["most"] <= 400
    assert result["jump"] <= 2
    assert 0 < result["mostAdded"] <= 20, "a frame may draw one step at each of its two ends"
    one.locator(".jump.is-bottom").click()
    one.locator("mc-message").filter(has_text="Message 1200").wait_for()


def test_a_room_is_made_found_joined_renamed_and_left(open_chat: OpenChat) -> None:
    one, other = open_chat("owner"), open_chat("outsider")
    name = f"Garden {uuid.uuid4().hex[:8]}"
    one.get_by_role("button", name="Start chat").click()
    one.get_by_role("tab", name="New room").click()
    one.get_by_label("Name of the room").fill(name)
    one.get_by_label("Public").check()
    one.get_by_role("button", name="Create room").click()
    one.get_by_role("heading", name=name, exact=True).wait_for()

    other.get_by_role("button", name="Start chat").click()
    other.get_by_role("tab", name="Public rooms").click()
    other.get_by_label("Find a public room").fill(name[:12])
    other.get_by_role("button", name=f"Join {name}").click()
    send(other, "I came in")
    one.locator("mc-message").filter(has_text="I came in").wait_for()

    one.get_by_role("button", name="Members and details").click()
    one.get_by_label("Name of the room").fill(f"{name} B")
    one.get_by_role("button", name="Rename").click()
    other.get_by_role("heading", name=f"{name} B", exact=True).wait_for()
    one.get_by_role("button", name="What to do with outsider").click()
    one.get_by_role("menuitem", name="Make moderator").click()
    one.locator(".role").filter(has_text="Moderator").wait_for()
    one.get_by_role("button", name="What to do with outsider").click()
    one.get_by_role("menuitem", name="Remove from room").click()
    one.get_by_role("button", name="Cancel").click()
    one.get_by_role("button", name="Members and details").click()
    one.get_by_role("button", name="What to do with outsider").click()
    one.get_by_role("menuitem", name="Remove from room").click()
    one.get_by_role("heading", name="Remove outsider").wait_for()
    assert other.locator(".toast").count() == 0
    one.get_by_role("button", name="Remove", exact=True).click()
    notice = other.locator(".toast").filter(has_text="removed you from")
    notice.wait_for()
    assert f"{name} B" in notice.inner_text()
    one.get_by_role("button", name="Members and details").click()
    one.get_by_role("button", name="Leave room…").click()
    one.get_by_role("button", name="Leave room", exact=True).click()
    one.locator(".room-entry").filter(has_text=f"{name} B").wait_for(state="detached")


def test_whoever_signs_out_elsewhere_is_told_and_can_sign_in_again(open_chat: OpenChat) -> None:
    one = open_chat("crowd4")
    elsewhere = one.context.new_page()
    elsewhere.goto("/")
    elsewhere.wait_for_selector("mc-account-menu .account")
    elsewhere.get_by_role("button", name="Your account").click()
    elsewhere.get_by_role("menuitem", name="Sign out").click()
    one.get_by_role("heading", name="You are signed out").wait_for()
    one.get_by_role("link", name="Sign in again").click()
    one.wait_for_selector("[name=login]")


def test_the_embedded_page_is_for_the_session_token_alone(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    by_cookie = one.request.get("/embed/")
    assert by_cookie.status == 401
    assert by_cookie.json()["code"] == "unauthenticated"
    answer = one.request.post(
        "/_allauth/app/v1/auth/login",
        data={"username": "member", "password": PASSWORD},
    )
    token = answer.json()["meta"]["session_token"]
    embedded = one.request.get("/embed/", headers={"X-Session-Token": token})
    assert embedded.status == 200
    assert "<mc-app" in embedded.text()
