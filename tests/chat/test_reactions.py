"""A reaction is one emoji, in one form."""

import json

import emoji
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from chat.actions import messages, reactions
from chat.models import Message, Room
from chat.protocol import ErrorCode
from tests.chat.conftest import refused
from tests.support.live import ROOT

PICKER = ROOT / "node_modules" / "emoji-picker-element-data" / "en" / "emojibase" / "data.json"
ONE = {
    "❤": "❤️",
    "❤️": "❤️",
    "👍": "👍",
    "👍️": "👍",
    "👍🏽": "👍🏽",
    "👩‍👩‍👧‍👦": "👩‍👩‍👧‍👦",
    "🏳‍🌈": "🏳️‍🌈",
    "🇩🇪": "🇩🇪",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "1⃣": "1️⃣",
    "#️⃣": "#️⃣",
    "©": "©️",
    ":wave:": ":wave:",
}
NONE = [
    *("", "a", "1", "#", "<b>", " ", "\u200d", "\ufe0f", "é", "你", "::", ":Wave:"),
    *("👍👍", "👍 👍", "❤️❤️", "👍a", "a👍", "❤️\u200b", "👍\u200d", "👍\u202e", "❤︎", "👍\u0301"),
    *("🇩", "🇩🇪🇫🇷", "🏽", "👍🏽🏽", "1", "👩‍👍"),
]


@pytest.mark.parametrize("given", ONE)
def test_an_emoji_has_one_form(given: str) -> None:
    assert reactions.canonical(given) == ONE[given]


@pytest.mark.parametrize("given", NONE)
def test_what_is_not_one_emoji_is_none(given: str) -> None:
    assert reactions.canonical(given) is None


@given(st.lists(st.sampled_from(sorted(emoji.EMOJI_DATA)), max_size=3), st.text(max_size=2))
def test_only_one_is_taken_and_its_form_stays(several: list[str], more: str) -> None:
    text = "".join(several) + more
    form = reactions.canonical(text)
    if form is not None:
        assert reactions.canonical(form) == form
        assert emoji.is_emoji(form)
        assert text.replace("\ufe0f", "") == form.replace("\ufe0f", "")


def test_all_that_the_page_offers_are_taken() -> None:
    offered = {each["emoji"] for each in json.loads(PICKER.read_text())}
    parts = {e for e, about in emoji.EMOJI_DATA.items() if about["status"] == 1}
    assert {each for each in offered if reactions.canonical(each) is None} <= parts


def test_what_was_stored_in_two_forms_is_one_reaction(
    owner: User, member: User, private_room: Room
) -> None:
    sent = messages.send_message(owner, room=private_room.pk, client_id=private_room.pk, body="hi")

    def react(user: User, emoji: str, on: bool = True) -> dict[str, list[str]]:
        return messages.react_to_message(user, message=sent.pk, emoji=emoji, on=on).reactions

    assert react(owner, "❤") == {"❤️": ["owner"]}
    assert react(owner, "❤️") == {"❤️": ["owner"]}
    assert react(owner, "❤", on=False) == {}
    # As they were stored before: in two forms, and things that are no emoji.
    Message.objects.filter(pk=sent.pk).update(
        reactions={"❤": ["owner"], "❤️": ["owner", "member"], "👍👍": ["owner"]}
    )
    assert react(member, "❤️", on=False) == {"❤️": ["owner"], "👍👍": ["owner"]}
    assert react(owner, "👍👍", on=False) == {"❤️": ["owner"]}
    refused(
        ErrorCode.BAD_REQUEST,
        *(messages.react_to_message, owner),
        message=sent.pk,
        emoji="👍👍",
        on=False,
    )
