"""Two tabs of one browser share what is unsent: one is cut off, the other sends for both."""

import uuid

import pytest
from playwright.sync_api import Page, WebSocketRoute

from tests.browser.conftest import (
    SCREENSHOTS,
    OpenChat,
    assert_accessible,
    enter_room,
    send,
    try_now,
    until,
)

pytestmark = pytest.mark.once

SENT = "mc-message:not(.is-unsent)"


class Cable:
    """The connection of one page, which a test can cut."""

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        self.open: list[WebSocketRoute] = []
        page.route_web_socket("**/ws**", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            socket.close()
            return
        socket.connect_to_server()
        self.open.append(socket)

    def cut(self) -> None:
        self.is_cut = True
        for socket in self.open:
            socket.close()
        self.open = []


def written(page: Page, mark: str) -> list[str]:
    return page.locator("mc-message .message-body").filter(has_text=mark).all_inner_texts()


def test_what_a_tab_that_is_cut_off_wrote_is_sent_first_and_vanishes_nowhere(
    open_chat: OpenChat,
) -> None:
    one = open_chat("owner")
    other = one.context.new_page()
    other.goto("/")
    cable = Cable(one)
    one.reload()
    for page in (one, other):
        enter_room(page, "The private room")
    mark = uuid.uuid4().hex[:6]
    texts = [f"{mark} first", f"{mark} second"]

    cable.cut()
    # This machine has a network: it is the server that is away.
    one.locator(".connection-line").get_by_text("The server is not reached.").wait_for()
    send(one, texts[0])
    message = one.locator("mc-message").filter(has_text=texts[0])
    message.get_by_text("Not sent yet. It is sent when the connection is back.").wait_for()
    send(other, texts[1])
    other.locator(SENT).filter(has_text=texts[1]).wait_for(timeout=6_000)
    assert written(other, mark) == texts
    assert other.locator("mc-message.is-unsent").filter(has_text=mark).count() == 0
    message.get_by_text("Sent by another tab.").wait_for()
    assert_accessible(one)
    one.screenshot(path=SCREENSHOTS / "tabs-sent-elsewhere.png")

    cable.is_cut = False
    try_now(one)
    for text in texts:
        one.locator(SENT).filter(has_text=text).wait_for(timeout=40_000)
    assert written(one, mark) == texts
    until(one, "!Object.keys(localStorage).some((key) => key.includes('.outbox.'))")
