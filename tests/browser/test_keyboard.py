"""What is offered, and how it is reached by keys alone."""

from playwright.sync_api import Page

from tests.browser.conftest import OpenChat, enter_room, send, until

# As the server tells it when a moderator closes the room that is open.
CLOSE = """(closed) => {
  const { client, roomId } = document.querySelector("mc-app");
  client.receive(JSON.stringify({ type: "room", room: { ...client.rooms.get(roomId), closed } }));
}"""


def menu_of(page: Page, text: str) -> list[str]:
    """What the menu of this message offers."""
    message = page.locator("mc-message:not(.is-unsent)").filter(has_text=text).last
    message.focus()
    message.get_by_role("button", name="More actions").click()
    offered = page.get_by_role("menuitem").all_inner_texts()
    page.keyboard.press("Escape")
    return [words.strip() for words in offered]


def test_a_closed_room_offers_what_the_server_takes_and_no_more(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    enter_room(one, "The private room")
    send(one, "before it was closed")
    said = one.locator("mc-message:not(.is-unsent)").filter(has_text="before it was closed").last
    said.focus()
    said.get_by_role("button", name="React with 👍").click()
    reaction = said.locator(".reaction")
    reaction.wait_for()
    assert menu_of(one, "before it was closed") == ["Reply", "Copy text", "Edit", "Delete…"]
    one.evaluate(CLOSE, True)
    one.locator(".composer-closed").wait_for()
    assert menu_of(one, "before it was closed") == ["Copy text"]
    assert said.get_by_role("button", name="Reply").count() == 0
    assert said.get_by_role("button", name="React with 👍").count() == 0
    assert reaction.get_attribute("aria-disabled") == "true"
    reaction.click(force=True)
    one.get_by_role("button", name="Members and details").click()
    details = one.get_by_role("dialog")
    details.locator(".members .found-entry").nth(1).wait_for()
    assert details.get_by_role("button", name="Rename").count() == 0
    assert details.get_by_label("Add people").count() == 0
    details.get_by_role("button", name="What to do with").first.click()
    offered = [words.strip() for words in one.get_by_role("menuitem").all_inner_texts()]
    assert offered == ["Message", "Block this person…"]
    one.keyboard.press("Escape")
    one.keyboard.press("Escape")
    details.wait_for(state="detached")
    one.evaluate(CLOSE, False)
    one.get_by_role("textbox", name="Message The private room").wait_for()
    assert reaction.get_attribute("aria-pressed") == "true"
    assert one.locator(".toast").count() == 0


def test_the_list_of_rooms_is_whole_again_after_a_search(open_chat: OpenChat) -> None:
    one = open_chat("owner")
    enter_room(one, "The private room")
    whole = one.locator(".room-entry").count()
    assert whole > 1
    search = "document.querySelector('mc-room-list input').value"
    filtered = "document.querySelectorAll('.room-entry').length === 1"

    def look_for(name: str) -> None:
        one.keyboard.press("Control+k")
        until(one, "document.activeElement.matches('mc-room-list input')")
        one.keyboard.type(name)
        until(one, filtered)

    def assert_whole() -> None:
        until(
            one, f"{search} === '' && document.querySelectorAll('.room-entry').length === {whole}"
        )

    for place in (".room-entry", ".composer-text", ".room-header h2"):
        look_for("The public")
        one.locator(place).click()
        assert_whole()
    for keys in ("Enter", "Escape", "Alt+ArrowDown", "ArrowDown Escape", "ArrowDown Enter"):
        look_for("The public")
        for key in keys.split():
            one.keyboard.press(key)
        assert_whole()
    until(one, "document.activeElement.matches('.composer-text')")
    one.keyboard.press("Control+k")
    one.keyboard.press("Escape")
    until(one, "document.activeElement.matches('.composer-text')")
