"""Finding people and rooms in the page: however it is typed, to the last one, and with reasons."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible
from tests.conftest import Serve

pytestmark = pytest.mark.once

SEED = """
from accounts.models import User
from chat.actions.rooms import open_room
from chat.models import Room
owner = User.objects.get(username="owner")
User.objects.bulk_create(
    User(username=name, display_name=shown, skeleton=name, password=owner.password)
    for name, shown in [("bob", "Bob Álvarez"), ("jozef", "Józef Łoś"),
                        *((f"ann{n:02}", f"Ann Number {n}") for n in range(45))])
open_room(owner, kind="private", name="Équipe", members=["bob"])
Room.objects.bulk_create(Room(kind="public", name=f"Öffentlich {n:02}") for n in range(45))
"""


def _options(page: Page) -> list[str]:
    return page.get_by_role("option").locator(".handle").all_inner_texts()


def test_people_and_rooms_are_found_to_the_last(serve: Serve, open_chat: OpenChat) -> None:
    server = serve(RATE_LIMITS="off")
    server.manage("shell", "-c", SEED)
    page = open_chat("owner", at=server, viewport={"width": 1100, "height": 760})

    # One's own rooms, without accents.
    page.get_by_role("searchbox", name="Search your rooms and people").fill("equi")
    expect(page.locator(".room-entry")).to_have_count(1)
    page.keyboard.press("Escape")

    # Who is a member already is found, and cannot be chosen.
    page.locator(".room-entry").filter(has_text="Équipe").click()
    page.get_by_role("button", name="Members and details").click()
    adding = page.get_by_label("Add people")
    status = page.locator("mc-people-search [role=status]")
    adding.fill("bob")
    expect(status).to_have_text("Bob Álvarez is a member already.")
    taken = page.get_by_role("option").filter(has_text="@bob")
    expect(taken).to_have_attribute("aria-disabled", "true")
    expect(taken).to_contain_text("Member")
    page.screenshot(path=SCREENSHOTS / "finding-member.png")
    assert_accessible(page)
    adding.press("Enter")
    expect(adding).to_have_value("bob")
    # Somebody who is not there is still nobody.
    adding.fill("zzz")
    expect(status).to_have_text("Nobody is called “zzz”.")
    # Without accents, by the beginning of a later word.
    adding.fill("los jo")
    expect(page.get_by_role("option")).to_have_count(1)
    adding.press("Enter")
    page.locator(".members .found-entry").filter(has_text="@jozef").wait_for()
    adding.fill("jozef")
    expect(status).to_have_text("Józef Łoś is a member already.")

    # Pages of people, by keyboard and by the button, to the last.
    adding.fill("ann")
    expect(page.get_by_role("option")).to_have_count(20)
    expect(status).to_contain_text("There are more people")
    for _ in range(20):
        adding.press("ArrowDown")
    expect(page.get_by_role("option")).to_have_count(40)
    expect(page.get_by_role("option").nth(20)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("option").nth(20)).to_be_in_viewport()
    page.screenshot(path=SCREENSHOTS / "finding-people.png")
    page.get_by_role("button", name="Show more people").press("Enter")
    expect(page.get_by_role("option")).to_have_count(45)
    expect(page.get_by_role("button", name="Show more people")).to_have_count(0)
    expect(adding).to_be_focused()
    assert _options(page) == [f"@ann{n:02}" for n in range(45)]
    page.keyboard.press("Escape")

    # Public rooms too, in a narrow window.
    page.set_viewport_size({"width": 300, "height": 700})
    page.get_by_role("button", name="Back to the rooms").click()
    page.get_by_role("button", name="Start chat").click()
    page.get_by_role("tab", name="Public rooms").click()
    finding = page.get_by_label("Find a public room")
    finding.fill("offent")
    rooms = page.locator("mc-public-rooms .found-entry")
    expect(rooms).to_have_count(20)
    more = page.get_by_role("button", name="Show more rooms")
    page.screenshot(path=SCREENSHOTS / "finding-rooms.png")
    assert_accessible(page)
    more.press("Enter")
    expect(rooms).to_have_count(40)
    expect(rooms.nth(20).get_by_role("button")).to_be_focused()
    more.press("Enter")
    expect(rooms).to_have_count(45)
    expect(more).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= 300")
    dialog = "document.querySelector('dialog[open]')"
    assert page.evaluate(f"{dialog}.scrollWidth <= {dialog}.clientWidth")
