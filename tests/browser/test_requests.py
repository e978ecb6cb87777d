"""A stranger's request on the page: answered by keyboard, in every colour and width."""

from typing import Any

import pytest

from tests.browser.conftest import OpenChat, send, talk_to, until
from tests.browser.test_accessibility import tab_to
from tests.browser.test_blocks import LOOKS, choose, look
from tests.support.live import Server

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def asking(seeded: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server on which strangers ask."""
    data = seeded.copy(tmp_path_factory.mktemp("asking") / "data")
    server = Server(data, {"RATE_LIMITS": "off", "HEARTBEAT": "2", "STRANGERS_ASK": "on"})
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("options", LOOKS, ids=["light", "dark-300", "contrast"])
def test_requests_are_shown_and_answered(
    open_chat: OpenChat, asking: Server, options: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    number = request.node.callspec.indices["options"]
    stranger = open_chat(f"crowd{number}", at=asking)
    one = open_chat(("owner", "member", "outsider")[number], at=asking, **options)
    username = ("owner", "member", "outsider")[number]

    talk_to(stranger, username)
    send(stranger, "Hello, we do not know each other")
    stranger.locator(".composer-waiting").get_by_text("has been asked").wait_for()
    requests = one.get_by_role("region", name="Requests")
    requests.get_by_text("would like to write to you").wait_for()
    stranger.get_by_role("button", name="Start chat").click()
    stranger.get_by_role("tab", name="New room").click()
    stranger.fill("[name=name]", "Lunch")
    stranger.get_by_label("Add people").fill(username)
    stranger.get_by_role("option").filter(has_text=f"@{username}").first.click()
    stranger.get_by_role("button", name="Create room").click()
    stranger.get_by_text("been asked, to join when they accept").wait_for()
    requests.get_by_text("asks you into the private room Lunch").wait_for()
    assert one.locator(".room-entry").filter(has_text="Lunch").count() == 0
    look(one, "requests")
    stranger.get_by_role("button", name="Members and details").click()
    stranger.get_by_text("Asked, and no members yet").wait_for()
    look(stranger, "requests-asked")
    stranger.keyboard.press("Escape")

    tab_to(one, ".request .button")
    one.keyboard.press("Enter")
    one.locator("mc-message").filter(has_text="we do not know each other").wait_for()
    stranger.locator(".composer-waiting").wait_for(state="detached")
    if options["viewport"]["width"] < 640:
        one.get_by_role("button", name="Back to the rooms").click()
    requests.get_by_role("button", name="Refuse").focus()
    one.keyboard.press("Enter")
    requests.wait_for(state="detached")
    until(one, "document.activeElement.matches('.room-search input')")


def test_whoever_asks_is_blocked(open_chat: OpenChat, asking: Server) -> None:
    stranger, one = open_chat("crowd4", at=asking), open_chat("administrator", at=asking)
    talk_to(stranger, "administrator")
    requests = one.get_by_role("region", name="Requests")
    requests.wait_for()
    choose(one, "More about crowd4", "Block this person…")
    dialog = one.get_by_role("dialog", name="Block crowd4?")
    dialog.get_by_role("button", name="Block").click()
    requests.wait_for(state="detached")


def test_a_request_is_withdrawn(open_chat: OpenChat, asking: Server) -> None:
    stranger, one = open_chat("crowd5", at=asking), open_chat("administrator", at=asking)
    stranger.get_by_role("button", name="Start chat").click()
    stranger.get_by_role("tab", name="New room").click()
    stranger.fill("[name=name]", "Mistake")
    stranger.get_by_label("Add people").fill("administrator")
    stranger.get_by_role("option").filter(has_text="@administrator").first.click()
    stranger.get_by_role("button", name="Create room").click()
    request = one.get_by_text("asks you into the private room Mistake")
    request.wait_for()
    stranger.get_by_role("button", name="Members and details").click()
    choose(stranger, "What to do with administrator", "Withdraw the request")
    request.wait_for(state="detached")
    stranger.get_by_text("Asked, and no members yet").wait_for(state="detached")
