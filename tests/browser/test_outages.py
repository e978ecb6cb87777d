"""The database is away for a while, under people who write, open rooms and upload: afterwards
nothing is left behind and nothing has overtaken anything, and meanwhile the page says so."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import databases
from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible, enter_room, send, until
from tests.databases.mortal import PostgreSQL
from tests.databases.stopped import stoppable_postgresql
from tests.support.live import Server, seed

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        bool(databases.server()),
        reason="the test starts a PostgreSQL that it can stop: the run on SQLite has it",
    ),
]

NARROW = {"viewport": {"width": 300, "height": 640}, "color_scheme": "dark"}
WIDE = {"viewport": {"width": 1100, "height": 700}, "color_scheme": "light"}

# Every attempt of a client comes within 10.5 s of the one before, of an upload within 61 s; the
# first that succeeds has all others tried at once.
AFTERWARDS = 30

# Whatever says that something is not done yet.
WAITING = ".connection-line, .message-waiting, .message-failed, .upload, .dialog-wait"


@dataclass
class World:
    server: Server
    database: PostgreSQL
    rooms: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("outages") / "data"
    with stoppable_postgresql() as database:
        settings = {"DATABASE_URL": databases.create(database.base)}
        seeded = seed(data, **settings)
        server = Server(data, settings | {"RATE_LIMITS": "off", "HEARTBEAT": "2"})
        server.start()
        yield World(server, database, seeded.rooms)
        server.stop()


def written(page: Page, mark: str) -> list[str]:
    """The messages with this mark as the page shows them, in order, without their states."""
    bodies = page.locator("mc-message .message-body").filter(has_text=mark)
    return bodies.all_inner_texts()


def state_of(page: Page, text: str) -> str:
    message = page.locator("mc-message").filter(has_text=text)
    return message.locator(".message-waiting, .message-failed, .message-sending").inner_text()


def to_the_rooms(page: Page) -> None:
    back = page.get_by_role("button", name="Back to the rooms")
    if back.is_visible():
        back.click()


@pytest.mark.parametrize(
    ("seconds", "view"), [(3, WIDE), (10, NARROW), (40, WIDE)], ids=["3s", "10s", "40s"]
)
def test_a_database_that_is_away_costs_nothing_but_time(
    world: World, open_chat: OpenChat, seconds: int, view: dict[str, Any]
) -> None:
    one = open_chat("member", at=world.server, **view)
    other = open_chat("owner", at=world.server)
    enter_room(one, "The private room")
    enter_room(other, "The private room")
    mark = uuid.uuid4().hex[:6]
    began = time.monotonic()

    with world.database.away():
        texts = [f"{mark} first", f"{mark} second", f"{mark} third"]
        for text in texts[:2]:
            send(one, text)
        one.locator(".message-waiting").first.wait_for()
        assert "The server has a problem; it is tried again by itself." in state_of(one, texts[0])
        assert "It follows the message above." in state_of(one, texts[1])
        send(other, f"{mark} from another")
        one.locator(".connection-line").wait_for()
        assert "The server has a problem." in one.locator(".connection-line").inner_text()
        assert_accessible(one)
        one.screenshot(path=SCREENSHOTS / f"outage-{seconds}-room.png")

        # A room that was not open yet, with a file and the words that go with it.
        to_the_rooms(one)
        enter_room(one, "The public room")
        if not one.evaluate("document.querySelector('mc-message-list').feed.loaded"):
            one.get_by_text("The messages are loaded as soon as possible.").wait_for()
        one.set_input_files(
            ".composer-file",
            {"name": f"{mark}.txt", "mimeType": "text/plain", "buffer": mark.encode()},
        )
        one.locator(".upload-wait").filter(has_text="It is tried again by itself.").wait_for()
        send(one, f"{mark} with a file")
        one.get_by_text("This is sent as soon as the files are uploaded.").wait_for()
        assert_accessible(one)
        one.screenshot(path=SCREENSHOTS / f"outage-{seconds}-opened.png")
        to_the_rooms(one)
        enter_room(one, "The private room")
        other.get_by_role("button", name="Members and details").click()
        if seconds > 3:
            other.locator(".dialog-wait").wait_for()
            other.screenshot(path=SCREENSHOTS / f"outage-{seconds}-members.png")

        one.wait_for_timeout(max(0, seconds - (time.monotonic() - began)) * 1000)
        send(one, texts[2])

    for text in texts:
        sent = one.locator("mc-message:not(.is-unsent):not(.is-failed)").filter(has_text=text)
        sent.wait_for(timeout=AFTERWARDS * 1000)
    other.locator(".members .found-entry").first.wait_for()
    other.keyboard.press("Escape")
    # Each comes to the other as soon as it is stored, and not all of them at once.
    for page in (one, other):
        for text in [*texts, f"{mark} from another"]:
            page.locator("mc-message:not(.is-unsent)").filter(has_text=text).wait_for()
    everything = written(other, mark)
    assert [text for text in everything if text in texts] == texts
    assert len(everything) == 4
    assert written(one, mark) == everything

    to_the_rooms(one)
    enter_room(one, "The public room")
    message = one.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} with a file")
    message.locator(".file-card").filter(has_text=f"{mark}.txt").wait_for(timeout=65_000)
    for page in (one, other):
        until(page, "document.querySelector('mc-app').client.unsent.length === 0")
        until(page, f"document.querySelector('{WAITING}') === null")


def edit_last(page: Page, before: str, after: str) -> None:
    page.fill(".composer-text", "")
    page.press(".composer-text", "ArrowUp")
    editor = page.locator(".editor-text")
    assert editor.input_value() == before
    editor.fill(after)
    editor.press("Enter")


@pytest.mark.parametrize("seconds", [3, 10], ids=["3s", "10s"])
def test_what_is_changed_while_the_database_is_away_is_changed_afterwards(
    world: World, open_chat: OpenChat, seconds: int
) -> None:
    one = open_chat("member", at=world.server)
    other = open_chat("owner", at=world.server)
    mark = uuid.uuid4().hex[:6]
    for page in (one, other):
        enter_room(page, "The private room")
    for text in (f"{mark} to delete", f"{mark} to react to", f"{mark} to edit"):
        send(one, text)
        # Where it came live it may yet be unanswered at its author's, who cannot edit it then.
        for page in (one, other):
            page.locator("mc-message:not(.is-unsent)").filter(has_text=text).wait_for()
    began = time.monotonic()

    with world.database.away():
        edit_last(one, f"{mark} to edit", f"{mark} edited")
        one.evaluate(
            """(mark) => {
              const { client } = document.querySelector("mc-app");
              const { messages } = document.querySelector("mc-message-list").feed;
              const { id } = messages.find(({ body }) => body === `${mark} to react to`);
              void client.send({ type: "message.react", message: id, emoji: "👍", on: true });
            }""",
            mark,
        )
        waits = one.locator("mc-message-editor .dialog-wait")
        waits.wait_for(timeout=10_000)
        assert "It is tried again by itself." in waits.inner_text()
        assert_accessible(one)
        one.screenshot(path=SCREENSHOTS / f"outage-{seconds}-editor.png")
        doomed = one.locator("mc-message").filter(has_text=f"{mark} to delete")
        doomed.hover()
        doomed.get_by_role("button", name="More actions").click()
        one.get_by_role("menuitem", name="Delete…").click()
        one.get_by_role("button", name="Delete message").click()
        one.locator("mc-confirm .dialog-wait").wait_for(timeout=10_000)
        assert_accessible(one)
        one.screenshot(path=SCREENSHOTS / f"outage-{seconds}-confirm.png")
        one.wait_for_timeout(max(0, seconds - (time.monotonic() - began)) * 1000)

    for waiting in ("mc-message-editor", "mc-confirm"):
        one.locator(waiting).wait_for(state="detached", timeout=AFTERWARDS * 1000)
    for page in (one, other):
        changed = page.locator("mc-message").filter(has_text=f"{mark} edited")
        changed.wait_for(timeout=AFTERWARDS * 1000)
        reacted = (
            page.locator("mc-message").filter(has_text=f"{mark} to react to").filter(has_text="👍")
        )
        reacted.wait_for(timeout=AFTERWARDS * 1000)
        deleted = page.locator("mc-message").filter(has_text=f"{mark} to delete")
        deleted.wait_for(state="detached", timeout=AFTERWARDS * 1000)


def with_a_message(world: World, open_chat: OpenChat) -> tuple[Page, str]:
    """A page in a room in which its person has written "<mark> before"; and the mark."""
    page, mark = open_chat("member", at=world.server), uuid.uuid4().hex[:6]
    enter_room(page, "The private room")
    send(page, f"{mark} before")
    page.locator("mc-message:not(.is-unsent)").filter(has_text=mark).wait_for()
    return page, mark


def test_an_editor_closes_when_its_text_was_saved_and_the_answer_lost(
    world: World, open_chat: OpenChat
) -> None:
    one, mark = with_a_message(world, open_chat)
    one.evaluate(
        """() => {
          const { client } = document.querySelector("mc-app");
          const send = client.send.bind(client);
          client.send = async (command, options) => {
            await send(command, options);
            throw { code: "network", detail: "The connection was lost." };
          };
        }"""
    )
    edit_last(one, f"{mark} before", f"{mark} after")
    one.locator("mc-message-editor").wait_for(state="detached")
    one.locator("mc-message").filter(has_text=f"{mark} after").wait_for()


def test_an_edit_that_waits_can_be_taken_back(world: World, open_chat: OpenChat) -> None:
    one, mark = with_a_message(world, open_chat)
    with world.database.away():
        edit_last(one, f"{mark} before", f"{mark} after")
        one.locator("mc-message-editor .dialog-wait").wait_for(timeout=10_000)
        one.press(".editor-text", "Escape")
        one.locator("mc-message-editor").wait_for(state="detached")
    send(one, f"{mark} later")
    later = one.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} later")
    later.wait_for(timeout=AFTERWARDS * 1000)
    assert written(one, mark) == [f"{mark} before", f"{mark} later"]


def test_a_page_that_is_loaded_while_the_database_is_away_comes_by_itself(
    world: World, open_chat: OpenChat
) -> None:
    one = open_chat("member", at=world.server)
    enter_room(one, "The private room")
    mark = uuid.uuid4().hex[:6]
    with world.database.away():
        send(one, f"{mark} before the page was loaded again")
        one.locator(".message-waiting").first.wait_for()
        one.reload()
        one.get_by_role("heading", name="Back in a moment").wait_for()
        assert_accessible(one)
        one.screenshot(path=SCREENSHOTS / "outage-page.png")
        one.wait_for_timeout(5_000)
        one.get_by_role("heading", name="Back in a moment").wait_for()
    one.wait_for_selector("mc-account-menu .account", state="attached", timeout=AFTERWARDS * 1000)
    sent = one.locator("mc-message:not(.is-unsent)").filter(has_text=mark)
    sent.wait_for(timeout=AFTERWARDS * 1000)
