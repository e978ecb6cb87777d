"""The link that a first start prints: who is signed in becomes the administrator, or a new account
is made; and of two who use it at once, one gets through."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible
from tests.conftest import PASSWORD, Serve
from tests.support.live import Server

pytestmark = pytest.mark.once

WITHOUT_ADMINISTRATOR = """
from accounts.sign_in import first_administrator
from accounts.models import User

User.objects.filter(is_superuser=True).update(is_superuser=False, is_staff=False)
print(first_administrator.token())
"""
PROMISE = "Become the administrator?"
OVER = "This link no longer works"


@pytest.fixture
def unowned(serve: Serve) -> Server:
    return serve(RATE_LIMITS="off")


def link(server: Server) -> str:
    """The link, on a server that has no administrator from now on."""
    shell = ("shell", "--verbosity", "0", "--command", WITHOUT_ADMINISTRATOR)
    return f"/accounts/first-administrator/{server.manage(*shell).split()[-1]}/"


def assert_sound(page: Page, heading: str, name: str) -> None:
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert_accessible(page)
    page.screenshot(path=SCREENSHOTS / f"first-administrator-{name}.png")


def fill_in(page: Page, username: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)


def assert_administrates(page: Page) -> None:
    page.wait_for_selector("mc-account-menu .account", state="attached")
    page.goto("/admin/")
    expect(page.get_by_text("The newest decisions")).to_be_visible()


def test_the_link_promotes_who_is_signed_in_and_makes_an_account_for_who_is_not(
    unowned: Server, open_chat: OpenChat, open_page: OpenChat
) -> None:
    address = link(unowned)
    page = open_chat("member", at=unowned, viewport={"width": 1280, "height": 800})
    page.goto(address)
    assert_sound(page, PROMISE, "promote")
    expect(page.get_by_role("main")).to_contain_text("@member")
    page.get_by_role("button", name="Make me the administrator").press("Enter")
    assert_administrates(page)
    # It was used, for everyone.
    page.goto(address)
    assert_sound(page, OVER, "over")

    address = link(unowned)
    stranger = open_page(at=unowned, viewport={"width": 320, "height": 700}, color_scheme="dark")
    stranger.goto(address)
    assert_sound(stranger, "The first administrator", "new")
    fill_in(stranger, "root")
    stranger.get_by_role("button", name="Make my account").press("Enter")
    assert_administrates(stranger)

    # One of them asks to become it, and another to make an account, at the same moment.
    address = link(unowned)
    page.goto(address)
    expect(page.get_by_role("heading", name=PROMISE)).to_be_visible()
    late = open_page(at=unowned)
    late.goto(address)
    fill_in(late, "late")
    page.get_by_role("button", name="Make me the administrator").click(no_wait_after=True)
    late.get_by_role("button", name="Make my account").click(no_wait_after=True)
    outcomes = []
    for one in (page, late):
        over = one.get_by_role("heading", name=OVER)
        expect(over.or_(one.locator("mc-account-menu")).first).to_be_attached()
        outcomes.append(over.count())
    assert sorted(outcomes) == [0, 1]

    # Who has signed out since the page named them is asked anew.
    address = link(unowned)
    page.goto(address)
    expect(page.get_by_role("heading", name=PROMISE)).to_be_visible()
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Make me the administrator").click()
    expect(page.get_by_role("button", name="Make my account")).to_be_visible()
    expect(page.get_by_text("This field is required")).to_have_count(0)
