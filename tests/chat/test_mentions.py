"""Where a mention begins and ends, and whom it means: the server's half of tests/mentions.json."""

import json
from pathlib import Path

import pytest

from accounts.models import User
from chat.actions.messages import edit_message
from chat.models import Membership, Room
from chat.rendering import mentions
from chat.rendering.text import Rendered, is_plain, render
from tests.chat.conftest import say

CASES = json.loads((Path(__file__).parent.parent / "mentions.json").read_text())


@pytest.mark.parametrize(("body", "name"), CASES)
def test_a_mention_begins_and_ends_where_it_does_in_the_page(body: str, name: str | None) -> None:
    assert render(body).mentions == ([name] if name else [])


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("你好@bob你好", '你好<span class="mention" data-username="bob">@bob</span>你好'),
        ("＠Bobさん", '<span class="mention" data-username="bob">＠Bob</span>さん'),
        ("@bob님", '<span class="mention" data-username="bob">@bob</span>님'),
        ("@bobу", '<span class="mention" data-username="bob">@bob</span>у'),
        ("@bob.你好", '<span class="mention" data-username="bob">@bob</span>.你好'),
        ("@小明hello", '<span class="mention" data-username="小明">@小明</span>hello'),
        ("你_@bob_好", '你_<span class="mention" data-username="bob">@bob</span>_好'),
    ],
)
def test_a_name_ends_where_another_alphabet_begins(body: str, html: str) -> None:
    assert render(body).html == f"<p>{html}</p>\n"


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("@小明你好", '<span class="mention" data-username="小明">@小明</span>你好'),
        ("请@小明你好", '请<span class="mention" data-username="小明">@小明</span>你好'),
        ("@田中さん、", '<span class="mention" data-username="田中">@田中</span>さん、'),
        ("@ﾃｽﾄｶﾞです", '<span class="mention" data-username="テストガ">@ﾃｽﾄｶﾞ</span>です'),
        ("@ณัฐครับ", '<span class="mention" data-username="ณัฐ">@ณัฐ</span>ครับ'),
        ("@小明明", '<span class="mention" data-username="小明明">@小明明</span>'),
        ("@bobs", "@bobs"),
    ],
)
def test_between_letters_without_spaces_the_people_say_where_a_name_ends(
    body: str, html: str
) -> None:
    people = {"小明", "小明明", "小", "田中", "テストガ", "ณัฐ", "bob"}
    named = render(body).naming(people)
    assert named.html == f"<p>{html}</p>\n"
    assert named.mentions == ([] if body == "@bobs" else [html.split('"')[3]])


def test_no_name_is_cut_between_a_letter_and_its_vowel() -> None:
    assert render("@ณัฐ").naming({"ณ"}).mentions == []


def test_the_names_that_a_text_asks_for_are_bounded() -> None:
    names = [chr(0x4E00 + n) * 40 for n in range(100)]
    asked = mentions.readings(names)
    assert len(asked) == mentions.READINGS_LIMIT
    assert set(names) <= set(asked)


def test_a_text_with_a_wide_sign_is_not_plain() -> None:
    assert not is_plain("你好＠bob")


def test_who_is_called_is_stored(owner: User, member: User, private_room: Room) -> None:
    Membership.objects.create(room=private_room, user=User.objects.create_user("小明"))
    message = say(member, private_room, "你好@owner你好，＠小明在吗")
    assert message.mentions == ["owner", "小明"]
    assert '<span class="mention" data-username="小明">＠小明</span>在吗' in message.html
    changed = edit_message(member, message=message.pk, body="@小明好")
    assert changed.mentions == ["小明"]
    assert changed.html == ('<p><span class="mention" data-username="小明">@小明</span>好</p>\n')


def test_a_text_without_mentions_stays_as_it_is() -> None:
    assert render("a@b.example *x*").naming(set()) == Rendered(render("a@b.example *x*").html)
