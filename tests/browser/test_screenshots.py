"""A day in a team's chat, kept as pictures: for CI, and for the README (``make screenshots``)."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SCREENSHOTS, OpenChat, enter_room, send
from tests.browser.picture import landscape
from tests.conftest import Serve
from tests.support.live import Server

pytestmark = pytest.mark.once

CAST = {"ada": "Ada Lovelace", "grace": "Grace Hopper", "linus": "Linus Berg", "mae": "Mae Jemison"}

PEOPLE = f"""
from accounts.models import User
from chat.actions.rooms import open_room
password = User.objects.get(username="owner").password
people = {{name: User.objects.create(username=name, display_name=shown, password=password)
          for name, shown in {CAST!r}.items()}}
for kind, name in (("public", "Design"), ("private", "Release 2.0"), ("public", "Random")):
    open_room(people["grace"], kind=kind, name=name, members=["ada", "linus", "mae"])
"""

CODE = """This is all it takes to send it from a script:

```js
import { initChatClient } from "./client.js";

const client = await initChatClient("linus", password);
client.sendMessage(release, { body: "2.0 is **out**." });
```"""


@pytest.fixture
def story(serve: Serve, open_chat: OpenChat) -> dict[str, Page]:
    """Four people have talked in a room; Ada's page is as wide as a laptop's."""
    server = serve(RATE_LIMITS="off")
    server.manage("shell", "-c", PEOPLE)
    pages = {name: open_chat(name, at=server) for name in ("grace", "linus")}
    for page in pages.values():
        enter_room(page, "Release 2.0")
    grace, linus = pages["grace"], pages["linus"]
    send(grace, "Morning! The plan for **2.0**: freeze on Thursday, ship on Monday.")
    grace.set_input_files(
        ".composer-file",
        {
            "name": "release-notes.pdf",
            "mimeType": "application/pdf",
            "buffer": b"%PDF-1.4\n" * 9000,
        },
    )
    grace.locator(".upload-size").wait_for()
    send(grace, "What is still open is in the notes. Please read them before noon.")
    wait(linus, "before noon")
    send(linus, CODE)
    wait(grace, "is all it takes")
    plan = linus.locator("mc-message").filter(has_text="freeze on Thursday")
    plan.hover()
    plan.get_by_role("button", name="Reply", exact=True).click()
    send(linus, "Thursday works. @ada, can you take the last look at the page?")
    linus.set_input_files(
        ".composer-file",
        {"name": "start-page.png", "mimeType": "image/png", "buffer": landscape()},
    )
    linus.locator(".upload-size").wait_for()
    send(linus, "It looks like this now:")
    wait(grace, "It looks like this now")
    react(linus, "freeze on Thursday", "👍")
    ada = open_chat("ada", at=server)
    enter_room(ada, "Release 2.0")
    wait(ada, "It looks like this now")
    react(ada, "It looks like this now", "❤️")
    react(ada, "freeze on Thursday", "👍")
    send(ada, "Lovely. I'll look through it this afternoon.")
    wait(grace, "this afternoon")
    for name in ("linus", "mae"):
        talk_to_by_name(ada, name, CAST[name])
        send(ada, "Hello!")
    enter_room(ada, "Release 2.0")
    talk_to_by_name(grace, "ada", "Ada Lovelace")
    return {"server": server, **pages}  # type: ignore[dict-item]


def wait(page: Page, text: str) -> None:
    page.locator("mc-message:not(.is-unsent)").filter(has_text=text).first.wait_for()


def react(page: Page, text: str, emoji: str) -> None:
    message = page.locator("mc-message").filter(has_text=text).first
    message.hover()
    message.get_by_role("button", name=f"React with {emoji}").click()
    message.locator(".reaction").wait_for()


def talk_to_by_name(page: Page, username: str, name: str) -> None:
    page.get_by_role("button", name="Start chat").click()
    page.get_by_label("Who do you want to talk to?").fill(username)
    page.get_by_role("option").first.click()
    page.get_by_role("textbox", name=f"Message {name}").wait_for()


VIEWS: dict[str, dict[str, Any]] = {
    "chat-light": {"viewport": {"width": 1280, "height": 960}, "color_scheme": "light"},
    "chat-dark": {"viewport": {"width": 1280, "height": 960}, "color_scheme": "dark"},
    "chat-300": {"viewport": {"width": 300, "height": 640}, "color_scheme": "light"},
    "chat-contrast": {"viewport": {"width": 900, "height": 640}, "contrast": "more"},
}


def test_the_chat_is_kept_in_pictures(story: dict[str, Any], open_chat: OpenChat) -> None:
    server: Server = story["server"]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name, options in VIEWS.items():
        ada = open_chat("ada", at=server, device_scale_factor=2, **options)
        if name == "chat-300":
            ada.screenshot(path=SCREENSHOTS / "rooms-300.png")
        enter_room(ada, "Release 2.0")
        wait(ada, "this afternoon")
        send(story["grace"], "Lunch at one?")
        ada.locator(".badge").first.wait_for(state="attached")
        ada.locator(".thumbnail img").evaluate("(image) => image.decode()")
        ada.wait_for_timeout(300)
        ada.mouse.move(0, 0)
        ada.evaluate("document.activeElement.blur()")
        ada.screenshot(path=SCREENSHOTS / f"{name}.png")
        assert (SCREENSHOTS / f"{name}.png").stat().st_size > 20_000
    ada.get_by_role("button", name="Start chat").click()
    ada.get_by_label("Who do you want to talk to?").fill("m")
    ada.get_by_role("option").first.wait_for()
    ada.screenshot(path=SCREENSHOTS / "start-chat.png")
