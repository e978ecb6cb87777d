"""The admin's pages in a browser: none breaks its own policy, and axe-core finds nothing."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible
from tests.chat.test_admin import LISTS
from tests.conftest import PASSWORD, Serve
from tests.support.live import Server

# What the pages ask of the database is in tests/chat/test_admin.py.
pytestmark = pytest.mark.once

Scheme = Literal["light", "dark"]

THINGS = """
import uuid
from accounts.models import User
from chat.actions import messages
from chat.moderation import actions as moderation
from chat.models import Attachment, Membership, Room

owner, member, administrator = (
    User.objects.get(username=name) for name in ("owner", "member", "administrator")
)
room = Room.objects.get(name="The private room")
for sender, body in ((owner, "Lunch?"), (member, "You fools."), (owner, "Mind your words.")):
    row = messages.send_message(sender, room=room.pk, client_id=uuid.uuid4(), body=body)
    if sender is member:
        messages.report_message(owner, message=row.pk, reason="He calls us names.")
    else:
        moderation.reveal_message(administrator, message=row.pk, reason="To see what came before.")
deserted = Room.objects.create(kind="private", name="Nobody's room")
Membership.objects.create(room=deserted, user=member)
Attachment.objects.create(
    owner=member, name="plan.pdf", content_type="application/pdf", size=5_000, file="attachments/a"
)
"""


@pytest.fixture
def moderated(serve: Serve) -> Server:
    server = serve(RATE_LIMITS="off")
    server.manage("shell", "--verbosity", "0", "--command", THINGS)
    return server


def sign_in(page: Page) -> list[str]:
    """Opens the admin; returns the list to which every error on its pages is added."""
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto("/admin/")
    page.fill("[name=login]", "administrator")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    return errors


def assert_sound(page: Page, errors: list[str]) -> None:
    page.wait_for_load_state("load")
    assert_accessible(page)
    assert page.evaluate("window.violations") == [], page.url
    assert errors == [], page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_admin_is_sound(
    moderated: Server, open_page: OpenChat, scheme: Scheme
) -> None:
    page = open_page(at=moderated, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    errors = sign_in(page)
    assert_sound(page, errors)
    page.screenshot(path=SCREENSHOTS / f"admin-{scheme}.png")
    for model in LISTS:
        page.goto(f"/admin/{model}/")
        assert_sound(page, errors)
        page.locator("#result_list a[href*='/change/']").first.click()
        page.wait_for_url("**/change/**")
        assert_sound(page, errors)
        if model == "chat/report":
            page.screenshot(path=SCREENSHOTS / f"admin-report-{scheme}.png")
    for address in ("/admin/auth/group/", "/admin/auth/group/add/", "/admin/accounts/user/add/"):
        page.goto(address)
        assert_sound(page, errors)


def test_a_report_is_dealt_with_by_keyboard(moderated: Server, open_page: OpenChat) -> None:
    page = open_page(at=moderated, viewport={"width": 1280, "height": 900})
    errors = sign_in(page)
    page.get_by_role("link", name="Report of #2 by member").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/report/*/change/**")
    for decision, again in (("Hide message", False), ("Reveal context", True), ("Settle", False)):
        page.get_by_role("link", name=f"{decision} …").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/decide/**")
        assert_sound(page, errors)
        page.get_by_label("Reason").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # refused without a reason, by the browser
        page.get_by_label("Reason").focus()
        page.keyboard.type(f"Because of the words: {decision}")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        if again:
            expect(page.get_by_text("Lunch?")).to_be_visible()
            assert_sound(page, errors)
            page.get_by_role("link", name="Back", exact=True).focus()
            page.keyboard.press("Enter")
        page.wait_for_url("**/report/*/change/**")
        offered = page.get_by_role("link", name=f"{decision} …")
        expect(offered).to_have_count(1 if again else 0)
    expect(page.get_by_text("Because of the words: Settle").first).to_be_visible()


def test_people_are_suspended_from_their_list(moderated: Server, open_page: OpenChat) -> None:
    page = open_page(at=moderated, viewport={"width": 1280, "height": 900})
    errors = sign_in(page)
    page.goto("/admin/accounts/user/?q=crowd1")
    boxes = page.locator("input.action-select")
    expect(boxes).to_have_count(11)
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_label("Select action").or_(page.locator("select[name=action]")).first.select_option(
        "suspend_user"
    )
    page.locator("button[name=index]").click()
    page.wait_for_url("**/decide/suspend_user/**")
    assert_sound(page, errors)
    page.get_by_label("Reason").fill("Both sent the same advert.")
    page.get_by_role("button", name="Suspend").click()
    page.wait_for_url("**/accounts/user/?q=crowd1")
    expect(page.get_by_text("Suspend: done for crowd1, crowd10.")).to_be_visible()
    expect(page.get_by_text("Suspended", exact=True)).to_have_count(2)
    assert_sound(page, errors)


def test_the_admin_fits_a_phone(moderated: Server, open_page: OpenChat) -> None:
    page = open_page(at=moderated, viewport={"width": 360, "height": 740})
    errors = sign_in(page)
    for address in ["/admin/", *(f"/admin/{model}/" for model in LISTS)]:
        page.goto(address)
        assert_sound(page, errors)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, address
    page.screenshot(path=SCREENSHOTS / "admin-360.png")


def test_a_room_without_owner_is_found_and_gets_one(moderated: Server, open_page: OpenChat) -> None:
    page = open_page(at=moderated, viewport={"width": 1280, "height": 900})
    errors = sign_in(page)
    page.goto("/admin/chat/room/")
    assert_sound(page, errors)
    page.screenshot(path=SCREENSHOTS / "admin-rooms.png")
    page.get_by_role("button", name="Filters").press("Enter")
    page.get_by_role("link", name="Without owner").press("Enter")
    page.wait_for_url("**/room/?owner=without")
    rooms = page.locator("#result_list tbody tr")
    expect(rooms.filter(has_text="Nobody's room")).to_have_count(1)
    expect(rooms.filter(has_text="The public room")).to_have_count(0)
    assert_sound(page, errors)
    page.get_by_role("link", name="Nobody's room").click()
    page.wait_for_url("**/change/**")
    assert_sound(page, errors)
    page.screenshot(path=SCREENSHOTS / "admin-room-without-owner.png")
    page.get_by_role("link", name="Find an owner …").click()
    page.get_by_label("Reason").fill("Its owner has gone.")
    page.get_by_role("button", name="Find an owner").click()
    page.wait_for_url("**/change/**")
    expect(page.get_by_text("Find an owner: done for")).to_be_visible()
    person = page.get_by_role("link", name="member", exact=True)
    expect(page.locator("tr", has=person)).to_contain_text("Owner")
    expect(page.get_by_role("link", name="Find an owner …")).to_have_count(0)
    assert_sound(page, errors)
