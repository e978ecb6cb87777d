"""Somebody is erased, and those who talked to them see it happen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible, send, talk_to
from tests.conftest import PASSWORD

pytestmark = pytest.mark.once


def sign_up(page: Page, username: str) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_selector("mc-account-menu .account", state="attached")


def prove(page: Page) -> None:
    """Type the password again, where what comes next asks for it."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def test_by_their_own_wish_and_the_other_page_follows(
    open_page: OpenChat, open_chat: OpenChat
) -> None:
    ruth = open_page(viewport={"width": 320, "height": 800})
    sign_up(ruth, "ruth-leaves")
    talk_to(ruth, "crowd31")
    send(ruth, "Goodbye from Ruth.")
    mate = open_chat("crowd31", viewport={"width": 1100, "height": 760})
    mate.click(".room-entry:has-text('ruth-leaves')")
    send(mate, "Take care, @ruth-leaves!")
    expect(mate.locator(".mention")).to_have_text("@ruth-leaves")

    ruth.goto("/accounts/profile/")
    ruth.get_by_role("link", name="Erase my account").click()
    prove(ruth)
    ruth.get_by_role("button", name="Erase my account").click()  # without a choice
    expect(ruth).to_have_url(re.compile("/accounts/erase/$"))
    assert_accessible(ruth)
    ruth.get_by_label("Keep them").check()
    ruth.screenshot(path=SCREENSHOTS / "erase-account.png", full_page=True)
    ruth.get_by_role("button", name="Erase my account").click()
    expect(ruth.get_by_role("heading", name="Your account is closed")).to_be_visible()
    assert_accessible(ruth)
    ruth.goto("/")
    expect(ruth).to_have_url(re.compile("/accounts/login/"))

    messages = mate.locator("mc-message")
    expect(messages.filter(has_text="Goodbye from Ruth.")).to_contain_text("Former member")
    expect(messages.filter(has_text="Take care")).to_contain_text("@gone-")
    expect(mate.locator("body")).not_to_contain_text("ruth-leaves")
    expect(mate.get_by_text("This conversation is closed.")).to_be_visible()
    mate.screenshot(path=SCREENSHOTS / "former-member.png")


def test_by_an_administrator(open_page: OpenChat, open_chat: OpenChat) -> None:
    otto = open_page()
    sign_up(otto, "otto-leaves")
    talk_to(otto, "crowd32")
    send(otto, "Goodbye from Otto.")
    mate = open_chat("crowd32")
    mate.click(".room-entry:has-text('otto-leaves')")
    mate.locator("mc-message").filter(has_text="Goodbye from Otto.").wait_for()

    admin = open_chat("administrator", viewport={"width": 1280, "height": 900})
    admin.goto("/admin/accounts/user/?q=otto-leaves")
    admin.get_by_role("link", name="otto-leaves").click()
    admin.get_by_role("link", name="Erase, and delete the messages").click()
    prove(admin)
    admin.get_by_label("Reason").fill("They asked for it by letter.")
    assert_accessible(admin)
    admin.screenshot(path=SCREENSHOTS / "erase-person.png")
    admin.get_by_role("button", name="Erase, and delete the messages").click()
    expect(admin.get_by_text("Erased", exact=True).first).to_be_visible()
    expect(admin.get_by_role("link", name="Restore")).to_have_count(0)

    expect(otto.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect(mate.locator("mc-message").first).to_contain_text("deleted")
    expect(mate.locator("body")).not_to_contain_text("Goodbye from Otto.")
    expect(mate.locator("body")).not_to_contain_text("otto-leaves")
