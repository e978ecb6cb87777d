"""Files that were uploaded after the backup from which the server was restored."""

import uuid

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import OpenChat, assert_accessible, enter_room, send, until
from tests.support.live import Server

pytestmark = pytest.mark.once

ROOM = "The private room"
NOTICE = "The history was restored from a backup."


# The ids of the files of all drafts.
DRAFTED = """Object.entries(localStorage).filter(([key]) => key.includes(".draft."))
  .flatMap(([, draft]) => JSON.parse(draft).attachments.map(({ id }) => id))"""


def attach(page: Page, *names: str) -> None:
    files: list[FilePayload] = [
        {"name": name, "mimeType": "text/plain", "buffer": name.encode()} for name in names
    ]
    page.set_input_files(".composer-file", files)


def lose(server: Server, *names: str) -> None:
    """The server goes back to before these files were uploaded."""
    server.manage(
        "shell",
        "--command",
        "from chat.models import Attachment\n"
        f"assert Attachment.objects.filter(name__in={names!r}).delete()[0] == {len(names)}",
    )
    server.manage("new_epoch")


def test_a_draft_has_its_files_uploaded_again(open_chat: OpenChat, server: Server) -> None:
    page = open_chat("owner")
    enter_room(page, ROOM)
    name = f"{uuid.uuid4().hex[:8]}.txt"
    attach(page, name)
    page.fill(".composer-text", f"a draft with {name}")
    expect(page.locator(".upload-size")).to_have_count(1)
    uploaded = page.evaluate(DRAFTED)
    lose(server, name)
    expect(page.get_by_text(NOTICE)).to_be_visible(timeout=30_000)
    until(page, f"{DRAFTED}.some((id) => !{uploaded}.includes(id))")
    page.press(".composer-text", "Enter")
    message = page.locator("mc-message:not(.is-unsent)").filter(has_text=f"a draft with {name}")
    expect(message.locator(".file-name")).to_have_text(name)
    # The server has the file of this message, and its words.
    with page.expect_download() as download:
        message.locator(".file-card").click()
    assert download.value.path().read_text() == name


def test_an_unsent_message_has_its_files_uploaded_again(
    open_chat: OpenChat, server: Server
) -> None:
    page = open_chat("owner")
    enter_room(page, ROOM)
    name = f"{uuid.uuid4().hex[:8]}.txt"
    attach(page, name)
    expect(page.locator(".upload-size")).to_have_count(1)
    page.context.set_offline(True)
    page.wait_for_selector(".connection-line")
    send(page, f"unsent with {name}")
    expect(page.locator("mc-message.is-unsent")).to_have_count(1)
    lose(server, name)
    page.context.set_offline(False)
    message = page.locator("mc-message:not(.is-unsent)").filter(has_text=f"unsent with {name}")
    expect(message.locator(".file-name")).to_have_text(name, timeout=30_000)
    expect(page.locator(".message-failed")).to_have_count(0)


def test_a_message_whose_file_is_gone_says_so_and_can_be_written_again(
    open_chat: OpenChat, server: Server
) -> None:
    page = open_chat("owner")
    enter_room(page, ROOM)
    name = f"{uuid.uuid4().hex[:8]}.txt"
    attach(page, name)
    page.fill(".composer-text", f"unsent with {name}")
    expect(page.locator(".upload-size")).to_have_count(1)
    # The draft outlives the page; the file itself does not.
    page.reload()
    expect(page.locator(".upload-name")).to_have_text(name)
    lose(server, name)
    expect(page.get_by_text(NOTICE)).to_be_visible(timeout=30_000)
    page.press(".composer-text", "Enter")
    failed = page.locator("mc-message.is-failed")
    expect(failed.locator(".message-failed")).to_contain_text(
        "Not sent. The server no longer has the file of this message. Attach it again."
    )
    expect(failed.get_by_role("button", name="Retry")).to_have_count(0)
    expect(failed.locator(".message-body")).to_have_text(f"unsent with {name}")
    assert_accessible(page)
    page.fill(".composer-text", "written meanwhile")
    failed.get_by_role("button", name="Edit").click()
    expect(failed).to_have_count(0)
    expect(page.locator(".composer-text")).to_be_focused()
    assert page.input_value(".composer-text") == f"unsent with {name}\n\nwritten meanwhile"
    attach(page, name)
    page.press(".composer-text", "Enter")
    message = page.locator("mc-message:not(.is-unsent)").filter(has_text=f"unsent with {name}")
    expect(message.locator(".file-name")).to_have_text(name)
