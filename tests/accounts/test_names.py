"""Names that deceive are refused, wherever they are given; honest ones of all scripts are not."""

import json
import re
import subprocess
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.names.look_alikes import LOOK_ALIKES, fold
from accounts.profile.allowed_names import MARKS, clean_display_name, clean_name, isolated
from chat.actions.people import update_profile
from chat.actions.rooms import open_room, rename_room
from chat.models import Room
from chat.protocol import ErrorCode
from tests.chat.conftest import refused
from tests.support.cases import first_on_all
from tests.support.live import ROOT

HONEST = [
    "Ada Lovelace",
    "José Núñez",
    "Nguyễn Thị Minh Khai",
    "Иван Петров",
    "Ὀδυσσεύς",
    "محمد علي",
    "می\u200cخواهم",  # Persian, with a ZWNJ that it needs
    "क्\u200dष",  # Hindi, with a ZWJ that it needs
    "שרה",
    "李小龍",
    "สมชาย",
    "김철수",
    "Anna 👩‍💻",
    "Kate ❤️",
    "Kate ❤",
    "Ed 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "👍🏽",
    "C++ & Rust #1",
    "O'Brien-Smith, Jr.",
]
DECEIVING = [
    "photo\u202egpj.exe",
    "\u2067abc",
    "abc\u2066",
    "\u200fabc",
    "a\u200bb",
    "a\u200db",
    "a\u200cb",
    "admin\u2060",
    "\ufeffadmin",
    "ad\u00admin",
    "a\x07b",
    "a\x1b[31m",
    "a\u0085b\x9f",
    "a\U000e0061b",
    "a\ufe0fb",
    "\u3164",
    "\u115f\u1160",
    "\uffa0a",
    "\u2800",
    "\u034f",
    "a\ue000",
    "Ana" + "\u0301" * (MARKS + 5),
    "\U0001d159",  # a note without a head
    "carol\U0001d159",
    "\ufffc",
    "carol\ufffc",
    *("carol\ufff9", "carol\ufffa", "carol\ufffb", "carol\ufff0", "carol\u2065"),
    *("\U00013441", "carol\U00013442", "\U00016fe4", "carol\U00016fe4"),  # blanks of old scripts
    *("carol\u17b4", "carol\u180e", "carol\u180f", "carol\U0001bca0", "carol\U0001d173"),
    *("carol\U000e0101", "carol\U000e0020", "carol\u2800", "carol\u2064"),
    "\u0301",
    "❤️\u200d",
    "👍\u200d👎",
]


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_name_stays_as_it_is(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", DECEIVING)
def test_a_name_that_deceives_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(ValidationError) as error:
        clean_name(name)
    assert "name" in error.value.messages[0]


@given(st.text(max_size=80))
def test_what_is_taken_can_be_seen_and_turns_nothing(name: str) -> None:
    try:
        clean = clean_name(name)
    except ValidationError:
        return
    assert clean_name(clean) == clean
    assert "  " not in clean
    for char in clean:
        assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(char) not in (
            *("LRE", "RLE", "LRO", "RLO", "PDF"),
            *("LRI", "RLI", "FSI", "PDI"),
        )


@pytest.mark.parametrize(
    "other",
    first_on_all(
        [
            *("ada", "ADA", "Ada", "аdа", "ɑda", "ａｄａ", "@ada", " ada ", "𝒶𝒹𝒶"),
            *("ᴀᴅᴀ", "Aᴅa", "ꓮꓓꓮ", "αdα"),
        ]
    ),
)
def test_nobody_is_called_by_anothers_username(db: None, member: User, other: str) -> None:
    User.objects.create_user("ada")
    with pytest.raises(ValidationError, match="username of someone else"):
        clean_display_name(member, other)


@pytest.mark.once
@pytest.mark.parametrize("other", ["System", "EVERYONE", "hеre", "Аdmin", "Support"])
def test_nobody_is_called_as_the_product_speaks(db: None, member: User, other: str) -> None:
    with pytest.raises(ValidationError, match="someone else"):
        clean_display_name(member, other)


@pytest.mark.once
@pytest.mark.parametrize(
    "name",
    [
        *("Adrnin", "@adrnin", "R00t", "Systern", "Mediachat", "Media Chat", "media chat"),
        *("MEDIA  CHAT", "Media.Chat", "A d m i n", "Àdmin", "Admin ✔", "@5upport!"),
    ],
)
def test_nobody_is_called_by_what_looks_like_a_reserved_name(member: User, name: str) -> None:
    with pytest.raises(ValidationError, match="looks like"):
        clean_display_name(member, name)


def test_one_may_be_called_by_ones_own_username(member: User, owner: User) -> None:
    for name in ("member", "Member", "MEMBER", "", "Member Two", "owner of cats", "Admin Ada"):
        assert clean_display_name(member, name) == name


@pytest.mark.once
@pytest.mark.parametrize("name", ["Al L.", "Al L", "Her E.", "Tea M.", "Roo T.", "Ал Л.", "Hel P."])
def test_a_name_and_an_initial_are_no_word_that_is_kept(member: User, name: str) -> None:
    assert clean_display_name(member, name) == name


@pytest.mark.once
@pytest.mark.parametrize("name", ["A l l", "A. l. l.", "A.l.l.", "ALL.", "ADMI N", "admi n"])
def test_letters_apart_are(member: User, name: str) -> None:
    with pytest.raises(ValidationError, match="looks like"):
        clean_display_name(member, name)


def test_names_that_look_the_same_fold_to_the_same() -> None:
    assert fold("Ｐаураl") == fold("paypal") == fold("PAYPAL") == "paypal"
    assert fold("Straße") == fold("STRASSE")
    assert fold("рѐрѐ") == fold("PÈPÈ") == "pèpè"
    assert fold("ΡΌΧ") == fold("póx") == "póx"
    assert fold("ϲarol") == fold("ᴄarᴏl") == fold("caroǀ") == fold("CAROꞀ") == "carol"
    assert fold("محمـد") == fold("محمد")
    assert fold("lİsa") == fold("li\u0307sa") == "lisa"
    assert fold("ada") != fold("adan")
    assert fold("ада") != fold("ӓдӓ")
    for name in HONEST:
        assert fold(fold(name)) == fold(name)


def test_the_page_takes_for_the_same_what_the_server_does() -> None:
    """Letters that every Python and Node know, by themselves and in a word, through the page's
    own module."""
    old = unicodedata.ucd_3_2_0
    letters = [char for char in map(chr, range(0x20000)) if old.category(char).startswith("L")]
    letters += map(chr, LOOK_ALIKES)
    letters += [
        "น้ำ",
        "น\u0e4d\u0e49\u0e32",
        "ນ\u0ecd\u0ec9\u0eb2",
        "ни\u0306ы",
        *LOOK_ALIKES.values(),
    ]
    names = [*letters, *(f"x{char}\u0301y" for char in letters), *HONEST]
    program = """
        import { readFileSync } from "node:fs";
        import { fold } from "./static/chat/client/people/look-alikes.js";
        console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(fold)));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", program],
        input=json.dumps([*names, *map(fold, names)]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = json.loads(done.stdout)
    assert theirs[: len(names)] == theirs[len(names) :]


@given(st.text())
def test_folding_is_done_after_one_time(name: str) -> None:
    assert fold(fold(name)) == fold(name)


def test_the_page_has_the_same_look_alikes() -> None:
    text = (ROOT / "static/chat/client/people/look-alikes.js").read_text()
    tables = text.partition("function fold")[0]
    theirs = {
        ord(letter): plain
        for letters, plains in re.findall(r'\["(\w+)", "(\w+)"\]', text)
        for letter, plain in zip(letters, plains, strict=True)
    } | {ord(letter): plain for letter, plain in re.findall(r'(\S)=([^\s"]+)', tables)}
    assert theirs == LOOK_ALIKES


def test_a_name_in_a_sentence_without_markup_turns_nothing() -> None:
    assert isolated("Ada Lovelace, 李小龍") == "Ada Lovelace, 李小龍"
    assert isolated("שרה") == "\u2068שרה\u2069"
    assert isolated("a\u202eb\u2069") == "\u2068ab\u2069"


# -- Every way to give a name ------------------------------------------------------------------

BAD = "abc\u202edef"


def test_by_command(member: User, owner: User, private_room: Room) -> None:
    refused(ErrorCode.BAD_REQUEST, update_profile, member, display_name=BAD)
    refused(ErrorCode.BAD_REQUEST, update_profile, member, display_name="Owner")
    refused(ErrorCode.BAD_REQUEST, open_room, owner, kind="public", name=BAD)
    refused(ErrorCode.BAD_REQUEST, open_room, owner, kind="public", name="\u3164")
    refused(ErrorCode.BAD_REQUEST, rename_room, owner, room=private_room.pk, name=BAD)
    member.refresh_from_db()
    private_room.refresh_from_db()
    assert (member.display_name, private_room.name) == ("Member", "Plans")
    assert Room.objects.count() == 1


def test_by_form(member: User, owner: User) -> None:
    client = Client()
    client.force_login(member)
    for name in (BAD, "\u3164", "Owner"):
        answer = client.post("/accounts/profile/", {"display_name": name})
        assert answer.status_code == 200
        assert b"errorlist" in answer.content
    member.refresh_from_db()
    assert member.display_name == "Member"
