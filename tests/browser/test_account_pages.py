"""The pages of one's account and the administration, on a computer in India."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, assert_accessible

pytestmark = pytest.mark.once


def test_times_are_local_and_two_step_sign_in_is_in_the_menu(open_chat: OpenChat) -> None:
    page = open_chat(
        "administrator", timezone_id="Asia/Kolkata", viewport={"width": 320, "height": 800}
    )
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Two-step sign-in").click()
    expect(page.get_by_role("heading", name="Two-step sign-in")).to_be_visible()
    assert_accessible(page)
    page.screenshot(path=SCREENSHOTS / "two-step.png")
    page.get_by_role("link", name="Devices").click()
    signed_in = page.locator("time").first
    expect(signed_in).to_have_text(re.compile(r", \d\d:\d\d IST$"))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/admin/accounts/user/")
    expect(page.get_by_text(re.compile(r"\d\d:\d\d IST$")).first).to_be_visible()

    # Who follows a link there before the server has been told of any clock.
    page.context.clear_cookies(name="timezone")
    page.goto("/admin/accounts/user/")
    expect(page.get_by_text(re.compile(r"\d\d:\d\d IST$")).first).to_be_visible()
    page.context.add_cookies([{"name": "timezone", "value": "UTC", "url": page.url}])
    page.goto("/accounts/sessions/")
    expect(page.locator("time").first).to_have_text(re.compile(r"IST$"))
