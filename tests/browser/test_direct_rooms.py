"""Picking somebody to talk to puts nothing into their list: the first message does."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SCREENSHOTS, OpenChat, enter_room, send, talk_to

pytestmark = pytest.mark.once


def entry(page: Page, name: str) -> Locator:
    return page.locator(".room-entry").filter(has_text=name)


def open_room(page: Page, name: str, username: str) -> None:
    page.get_by_role("button", name="Start chat").click()
    page.get_by_role("tab", name="New room").click()
    page.fill("[name=name]", name)
    page.get_by_label("Add people").fill(username)
    page.get_by_role("option").filter(has_text=f"@{username}").first.click()
    page.get_by_role("button", name="Create").click()
    page.get_by_role("textbox", name=f"Message {name}", exact=True).wait_for()


def test_the_other_sees_a_chat_from_its_first_message_on(open_chat: OpenChat) -> None:
    one, other = open_chat("crowd1"), open_chat("crowd2")
    tab = other.context.new_page()
    tab.goto("/")
    tab.wait_for_selector("mc-account-menu .account", state="attached")
    talk_to(one, "crowd2")
    address = one.url
    expect(entry(one, "crowd2")).to_have_count(1)
    # What came after it is here, so it would be too.
    open_room(one, "Later", "crowd2")
    for each in (other, tab):
        expect(entry(each, "Later")).to_have_count(1)
        expect(entry(each, "crowd1")).to_have_count(0)
    other.screenshot(path=SCREENSHOTS / "first-message-before.png")
    # Its address leads them nowhere, and whoever opened it finds it again.
    other.goto(address)
    other.wait_for_selector("mc-account-menu .account", state="attached")
    expect(entry(other, "Later")).to_have_count(1)
    expect(entry(other, "crowd1")).to_have_count(0)
    expect(other.get_by_role("textbox", name="Message crowd1", exact=True)).to_have_count(0)
    one.reload()
    enter_room(one, "crowd2")

    one.fill(".composer-text", "a draft of it")
    expect(entry(other, "crowd1")).to_have_count(0)
    send(one, "hello, it is me")
    for each in (other, tab):
        expect(entry(each, "crowd1")).to_have_count(1)
        expect(entry(each, "crowd1")).to_contain_text(re.compile("1"))
    tab.screenshot(path=SCREENSHOTS / "first-message-after.png")
    enter_room(other, "crowd1")
    expect(other.locator("mc-message")).to_have_count(1)
    expect(other.locator("mc-message")).to_contain_text("hello, it is me")
    send(other, "hello back")
    expect(one.locator("mc-message")).to_have_count(2)
    for each in (one, other, tab):
        expect(entry(each, "crowd2" if each is one else "crowd1")).to_have_count(1)


def test_two_who_pick_each_other_have_one_chat(open_chat: OpenChat) -> None:
    one, other = open_chat("crowd3"), open_chat("crowd4")
    talk_to(one, "crowd4")
    talk_to(other, "crowd3")
    assert one.url == other.url
    send(one, "you too?")
    expect(other.locator("mc-message")).to_contain_text("you too?")
    expect(entry(other, "crowd3")).to_have_count(1)
    expect(entry(one, "crowd4")).to_have_count(1)
