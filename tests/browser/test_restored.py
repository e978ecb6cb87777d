"""What the page shows when the server was restored from a backup while it was open."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat, assert_accessible, enter_room, send
from tests.support.live import Server

pytestmark = pytest.mark.once


def test_the_page_says_so_until_it_is_told_that_it_was_seen(
    open_chat: OpenChat, server: Server
) -> None:
    page = open_chat("crowd0")
    enter_room(page, "The crowd")
    send(page, "before the restore")
    expect(page.locator("mc-message").filter(has_text="before the restore")).to_be_visible()
    page.fill(".composer-text", "still being written")
    notice = page.get_by_text("The history was restored from a backup.")
    expect(notice).to_have_count(0)
    server.manage("new_epoch")
    expect(notice).to_be_visible(timeout=30_000)
    # The room is shown anew, and what was being written stands.
    expect(page.locator("mc-message").filter(has_text="before the restore")).to_be_visible()
    assert page.input_value(".composer-text") == "still being written"
    assert_accessible(page)
    page.get_by_role("button", name="OK").click()
    expect(notice).to_have_count(0)
    page.press(".composer-text", "Enter")
    expect(page.locator("mc-message").filter(has_text="still being written")).to_be_visible()
