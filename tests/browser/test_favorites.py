"""Rooms that somebody wants at hand: by keyboard, read out, on both of their devices."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible, enter_room
from tests.browser.test_accessibility import tab_to

pytestmark = pytest.mark.once

OUT_OF_REACH = (Path(__file__).parent / "out_of_reach.js").read_text()
LOOKS: dict[str, dict[str, Any]] = {
    "light-1280": {"color_scheme": "light", "viewport": {"width": 1280, "height": 720}},
    "dark-300": {"color_scheme": "dark", "viewport": {"width": 300, "height": 720}},
    "contrast": {"forced_colors": "active", "viewport": {"width": 1000, "height": 720}},
}


def star(page: Page) -> Locator:
    return page.get_by_role("button", name="Favourite", exact=True)


def favourite(page: Page) -> Locator:
    """The public room in the list, as it is read out where it is a favourite."""
    return page.get_by_role("button", name=re.compile(r"^The public room ?, favourite$"))


def listed(page: Page) -> list[str]:
    names = page.locator(".room-entry .room-name").all_inner_texts()
    return [name.strip() for name in names]


def look(page: Page, name: str) -> None:
    assert_accessible(page)
    assert page.evaluate(f"({OUT_OF_REACH.rstrip().rstrip(';')})(document.body)") == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"favourites-{name}.png")


def back_to_the_rooms(page: Page) -> None:
    if (back := page.get_by_role("button", name="Back to the rooms")).is_visible():
        back.click()


def test_a_favourite_is_first_on_every_device(open_chat: OpenChat) -> None:
    one, other = open_chat("owner"), open_chat("owner")
    for page in (one, other):
        page.wait_for_selector(".room-entry")
    before = listed(one)
    assert before.index("The private room") < before.index("The public room")
    enter_room(one, "The public room")
    expect(star(one)).to_have_attribute("aria-pressed", "false")
    tab_to(one, ".favorite-button", "Shift+Tab")
    one.keyboard.press("Enter")
    expect(star(one)).to_have_attribute("aria-pressed", "true")
    expect(star(one)).to_be_focused()
    for page in (one, other):
        favourite(page).wait_for()
        now = listed(page)
        assert now.index("The public room") < now.index("The private room")
    enter_room(other, "The public room")
    star(other).click()
    expect(star(one)).to_have_attribute("aria-pressed", "false")
    expect(one.locator(".room-favorite")).to_have_count(0)
    assert listed(one) == before


@pytest.mark.parametrize("name", LOOKS)
def test_the_star_can_be_seen_and_read_in_every_look(open_chat: OpenChat, name: str) -> None:
    page = open_chat("member", **LOOKS[name])
    enter_room(page, "The public room")
    star(page).click()
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    look(page, f"{name}-room")
    back_to_the_rooms(page)
    favourite(page).wait_for()
    look(page, f"{name}-list")
    enter_room(page, "The public room")
    star(page).click()
    expect(star(page)).to_have_attribute("aria-pressed", "false")


def test_what_the_server_refuses_comes_back_and_is_said(open_chat: OpenChat) -> None:
    page = open_chat("member")
    enter_room(page, "The public room")
    # As in a room that one was taken out of a moment ago.
    page.evaluate("""() => {
      const { client } = document.querySelector("mc-app");
      const { socket } = client;
      const send = socket.send.bind(socket);
      socket.send = (text) => send(text.includes("room.favorite")
        ? text.replace(/"room":"[^"]+"/, '"room":"00000000-0000-4000-8000-000000000000"') : text);
    }""")
    star(page).click()
    page.locator(".toast").get_by_text("Not found, or you do not have access.").wait_for()
    expect(star(page)).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".room-favorite")).to_have_count(0)
