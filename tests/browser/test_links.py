"""Links to rooms and messages, followed by people who are signed out, new, or not in the room."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenChat, assert_accessible, enter_room, send
from tests.conftest import PASSWORD
from tests.support.live import Seeded, Server

pytestmark = pytest.mark.once


def sign_in(page: Page, username: str) -> None:
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


def composer(page: Page, name: str) -> None:
    page.get_by_role("textbox", name=f"Message {name}", exact=True).wait_for()


def test_a_link_behind_a_hash_survives_signing_in(
    open_page: OpenChat, seeded: Seeded, server: Server
) -> None:
    page = open_page()
    page.goto(f"/#room={seeded.rooms['public']}")
    page.fill("[name=login]", "member")
    page.fill("[name=password]", "wrong")
    page.press("[name=password]", "Enter")
    page.get_by_text("not correct").wait_for()
    sign_in(page, "member")
    composer(page, "The public room")
    assert page.url == f"{server.url}/rooms/{seeded.rooms['public']}"
    # As the page writes addresses now, and as it did.
    enter_room(page, "The private room")
    assert page.url == f"{server.url}/rooms/{seeded.rooms['private']}"
    page.go_back()
    composer(page, "The public room")
    page.goto(f"/#room={seeded.rooms['private']}")
    composer(page, "The private room")


def test_a_link_to_a_message_leads_there_after_signing_in(
    open_page: OpenChat, open_chat: OpenChat, seeded: Seeded
) -> None:
    writer = open_chat("owner")
    enter_room(writer, "The private room")
    for number in range(1, 31):
        send(writer, f"line {number}\n\n\n\n")
    expect(writer.locator("mc-message", has_text="line 30")).to_have_count(1)
    page = open_page()
    page.goto(f"/rooms/{seeded.rooms['private']}/3")
    sign_in(page, "member")
    expect(page.locator("mc-message[data-number='3']")).to_be_in_viewport()


def test_a_newcomer_is_offered_the_public_room_of_the_link(
    open_page: OpenChat, seeded: Seeded
) -> None:
    name = f"new{uuid.uuid4().hex[:8]}"
    page = open_page()
    page.goto(f"/#room={seeded.rooms['public']}")
    page.get_by_role("link", name="Make an account").click()
    page.fill("[name=username]", name)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.press("[name=password2]", "Enter")
    page.get_by_role("heading", name="The public room").wait_for()
    assert page.locator(".composer-text").count() == 0
    assert_accessible(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.get_by_role("button", name="Join the room").click()
    composer(page, "The public room")


def test_the_offer_can_be_declined_and_what_is_not_there_is_said(
    open_chat: OpenChat, seeded: Seeded
) -> None:
    page = open_chat("outsider")
    page.goto(f"/#room={seeded.rooms['public']}")
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("heading", name="Welcome").wait_for()
    assert page.url.endswith("/")
    for room in (seeded.rooms["private"], uuid.uuid4()):
        answer = page.goto(f"/rooms/{room}")
        assert answer
        assert answer.status == 404
        page.get_by_text("There is no such room, or you are not in it.").wait_for()


def test_links_in_messages_open_rooms_and_messages_without_another_page(
    open_chat: OpenChat, seeded: Seeded, server: Server
) -> None:
    page = open_chat("member", kept=False)  # with no page beside it
    room = f"{server.url}/rooms/{seeded.rooms['private']}"
    enter_room(page, "The private room")
    mark = uuid.uuid4().hex[:6]
    send(page, f"{mark} first")
    said = page.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} first")
    number = said.get_attribute("data-number")
    enter_room(page, "The public room")
    send(page, f"{mark} see {room}/{number}, or the room: {room}")
    links = page.locator("mc-message:not(.is-unsent)").filter(has_text=f"{mark} see").locator("a")
    expect(links).to_have_count(2)

    # As every link, one can be opened in a tab of its own.
    with page.context.expect_page() as opened:
        links.first.click(modifiers=["Control"])
    opened.value.close()
    expect(links).to_have_count(2)

    page.evaluate("window.isSame = true")
    links.first.click()
    composer(page, "The private room")
    expect(said).to_be_focused()
    page.go_back()
    composer(page, "The public room")
    links.last.click()
    composer(page, "The private room")
    assert page.url == room
    assert page.evaluate("window.isSame")
    assert len(page.context.pages) == 1
