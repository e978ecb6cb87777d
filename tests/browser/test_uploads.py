"""A message waits for its files: over a change of the room, a lost connection and a reload."""

import uuid

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.conftest import (
    SCREENSHOTS,
    OpenChat,
    assert_accessible,
    enter_room,
    send,
)

pytestmark = pytest.mark.once

ROOM = "The private room"
WAITS = "This is sent as soon as the files are uploaded."


class Gate:
    """Holds back the uploads of a browser until it is opened."""

    def __init__(self, page: Page) -> None:
        self.held: list[Route] = []
        self.is_open = False
        page.context.route("**/api/v1/attachments", self._arrived)

    def _arrived(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.held.append(route)

    def open(self) -> None:
        self.is_open = True
        for route in self.held:
            route.continue_()
        self.held = []


def text_file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": name.encode()}


def names_in(page: Page, text: str) -> list[str]:
    return page.locator("mc-message").filter(has_text=text).locator(".file-name").all_inner_texts()


def test_a_message_waits_for_its_files_in_another_room_and_over_a_reload(
    open_chat: OpenChat,
) -> None:
    page = open_chat("owner")
    enter_room(page, "The public room")
    gate = Gate(page)
    mark = uuid.uuid4().hex[:8]
    files = [f"{mark}-a.txt", f"{mark}-b.txt"]
    page.set_input_files(".composer-file", [text_file(name) for name in files])
    send(page, f"{mark} with files")
    waiting = page.locator("mc-message").filter(has_text=f"{mark} with files")
    waiting.get_by_text(WAITS).wait_for()
    expect(waiting.locator("progress")).to_have_count(2)
    # The composer is free for the next one, which keeps behind it.
    assert page.input_value(".composer-text") == ""
    expect(page.locator("mc-composer .upload")).to_have_count(0)
    send(page, f"{mark} after it")
    assert_accessible(page)
    page.screenshot(path=SCREENSHOTS / "upload-waits.png")

    enter_room(page, ROOM)
    page.reload()
    page.wait_for_selector("mc-account-menu .account", state="attached")
    enter_room(page, "The public room")
    waiting.get_by_text(WAITS).wait_for()
    expect(waiting.locator(".upload-name")).to_have_text(files)
    assert page.locator("mc-message:not(.is-unsent)").filter(has_text=mark).count() == 0
    gate.open()
    sent = page.locator("mc-message:not(.is-unsent)").filter(has_text=mark)
    expect(sent).to_have_count(2, timeout=30_000)
    assert names_in(page, f"{mark} with files") == files
    bodies = page.locator("mc-message .message-body").filter(has_text=mark).all_inner_texts()
    assert bodies == [f"{mark} with files", f"{mark} after it"]
    with page.expect_download() as download:
        page.locator(".file-card").filter(has_text=files[0]).click()
    assert download.value.path().read_text() == files[0]
    # Nothing is left behind in the browser.
    assert page.evaluate(STORED_FILES) == 0


STORED_FILES = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open("mediachat.files");
  request.onerror = () => reject(request.error);
  request.onsuccess = () => {
    const count = request.result.transaction("files").objectStore("files").count();
    count.onsuccess = () => (request.result.close(), resolve(count.result));
  };
})"""


def test_a_draft_has_its_unfinished_files_after_a_reload_and_another_tab_sends_for_a_closed_one(
    open_chat: OpenChat,
) -> None:
    other = open_chat("owner")
    enter_room(other, "The public room")
    page = other.context.new_page()
    gate = Gate(page)
    page.goto("/")
    enter_room(page, "The public room")
    mark = uuid.uuid4().hex[:8]
    page.set_input_files(".composer-file", [text_file(f"{mark}.txt")])
    page.fill(".composer-text", f"{mark} a draft")
    page.locator("mc-composer progress").wait_for()
    page.reload()
    enter_room(page, "The public room")
    expect(page.locator("mc-composer .upload-name")).to_have_text(f"{mark}.txt")
    assert page.input_value(".composer-text") == f"{mark} a draft"

    page.press(".composer-text", "Enter")
    seen = other.locator("mc-message.is-unsent").filter(has_text=mark)
    seen.get_by_text("Another tab uploads its files.").wait_for()
    page.close()
    gate.open()
    sent = other.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} a draft")
    expect(sent.locator(".file-name")).to_have_text(f"{mark}.txt", timeout=45_000)


def test_a_file_that_is_too_large_is_told_at_once(open_chat: OpenChat) -> None:
    page = open_chat("owner")
    enter_room(page, ROOM)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.evaluate(
        """() => document.querySelector("mc-composer").addFiles(
          [new File([new Uint8Array(101 * 1024 * 1024)], "film.bin")])"""
    )
    page.get_by_text("This is too large: a file can have at most 100 MB.").wait_for()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    assert not [url for url in requests if "attachments" in url]
    assert_accessible(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".upload")).to_have_count(0)
