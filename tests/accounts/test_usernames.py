"""Who may be called how: normalised first, then checked, at every way to make an account."""

import json
import string
import subprocess
import unicodedata
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.names.usernames import OFFICIAL, RESERVED, check, normalize
from accounts.profile import allowed_names
from accounts.sign_in import first_administrator
from chat.queries import directory
from chat.rendering.text import render
from tests.support.cases import first_on_all
from tests.support.live import ROOT

PASSWORD = "correct horse 42"


def wide(name: str) -> str:
    """Its full-width twin."""
    return "".join(chr(ord(char) + 0xFEE0) for char in name)


GOOD = [
    *("ada", "Ada_Lovelace", "ada.b-c", "zoë", "ñandú", "иван", "иван_42", "ελένη", "անի"),
    *("משה", "محمد", "山田", "やまだ", "ヤマダ", "山田タロウ", "さくら山", "김철수", "金철수"),
    *("王小明", "ㄅㄆㄇ王", "佐々木", "ラーメン", "x" * 40, "1234", "a1"),
    *("łukasz", "øystein", "đorđe", "ınanç", "œuvre", "æsa", "þór", "kaŋ", "əli", "nguyễn"),
    *("kɔfi", "ɓala", "ɗan", "eʋe", "ɲama", "ɣali", "ƙofa", "ǝdo"),
    *("ѓорѓи", "їжак", "ґудзь", "ёлка", "ӱлӹ", "қазақ", "ҷон", "өмүр", "ὀδυσσεύς", "ქეთი"),
    *("สมชาย", "अजय", "ಗಗನ", "አበበ", "ދވހ", "ڤيان"),
    *("nguyễn_thị", "trần.đức", "żaneta", "michał", "ömer", "işıl", "gülşen", "señor", "françois"),
    *("київ", "ђорђе", "љубица", "әлия", "ғабит", "μιχάλης", "ζωή", "רות", "שירה", "فاطمة", "کیان"),
    *("राहुल", "प्रिया", "कृष्ण", "বাংলা", "ਗੁਰਪ੍ਰੀਤ", "ગીતા", "ସୀତା", "நிர்மலா", "తెలుగు", "ಕೃಷ್ಣ"),
    *("മലയാളം", "සිංහල", "ณัฐ", "สมหญิง", "น้ำ", "ສົມພອນ", "བསྒྲུབས", "ကြွေး", "ភិរម្យ", "ޔޫސުފް"),
    *("みさき", "リョウ", "山本ミキ", "田中さくら", "박서준", "李明", "陳大文"),
    *("བསྟན་འཛིན", "རྒྱ་མཚོ་", "ශ්\u200dරී", "ක්\u200dරිෂ්ණ", "علی\u200cرضا", "র\u200d্যাচেল"),
    *("ᠮᠣᠩᠭᠣᠯ", "ꦗꦮ", "ᬩᬮᬶ", "ᱥᱟᱱᱛᱟᱲ", "ꯃꯅꯤꯄꯨꯔ", "ߒߞߏ", "ⵜⵉⴼⵉⵏⴰⵖ", "ܐܒܓ", "ᐃᓄᒃᑎᑐᑦ"),
    *("ᏣᎳᎩ", "ꭶꮿꮣ", "ꓡꓲ-ꓢꓴ", "𐓏𐓘𐓻𐓘𐓻𐓟", "𖼀𖽑𖼈𖽔", "𞄀𞄩𞄰", "ᯅᯖᯂ᯲", "ꚠꛁ", "𑐣𑐾𑐥𑐵𑐮", "ꢱꣃꢬꢵ", "ꠍꠤꠟꠐꠤ"),
    *("𐴌𐴗𐴥𐴝", "𞋒𞋀𞋉", "ࡌࡀࡍࡃ", "g\u0303ua", "kɔ\u0303"),
    *("ꆈꌠ", "𑄌𑄋𑄴𑄟𑄳𑄦", "ᥖᥭᥰ", "𞤀𞤁𞤂𞤢𞤥", "ꕙꔤ", "ᮞᮥᮔ᮪ᮓ"),
    *("İbrahim", "İpek", "Ọ̀ṣun", "Gbẹ́mi", "Ńkẹ́m", "Ẹ̀bùn", "Kɔ́fi", "m̀bá", "李〇", "〇山"),
]
BAD = {
    "of two alphabets": ["аda", "adа", "ivanиван", "ελε_ada", "山田ada", "김やま", "ㄅや"],
    "with spaces": ["ada lovelace", " ada", "ada\u00a0b", "ada\u3000b", "a\u2003b"],
    "too long": ["x" * 41, wide("x" * 41), "x" * 216, "\ufdfa" * 10, "ﬃ" * 14],
    "not to be mentioned": ["", ".", "_", "___", "a..b", "a.", "-a", "ann@home", "a/b", "a\x00b"],
    "invisible": ["a\u200bb", "a\u202eb", "\u3164", "a\u0301\u0301", "\ufeffada", "a\u00adb"],
    "other digits": ["ada٣", "ada३", "٣٤٥", "ada৴"],
    "reserved": [
        *RESERVED,
        *("System", "EVERYONE", wide("system"), wide("here"), wide("ALL"), "ａll"),
    ],
    "of an alphabet that nobody uses": ["ⲁⲃ", "ᚠᚢ", "𐤀𐤁", "𐎠𐎡", "𓂀𓂁"],
    "of phonetic letters": [
        *("ᴄarᴏl", "bᴏb", "ᴡiᴢᴢᴏ", "ᴠᴏᴠ", "leᴏ", "hellᴏ", "caroǀ", "ǀeo", "ꞁeo", "ɐda", "ʟeo"),
        *("everyᴏne", "rᴏᴏm", "nᴏbᴏdy", "rᴏᴏt", "adᴍin", "ᴀll", "ᴦᴦᴦ", "ɑda", "ɡeo", "ȷo", "ꭓo"),
    ],
    "of letters that history knows": ["ѡѡѡ", "ꙇꙇ", "ҁа", "ϝϳ", "ƿen", "ꝛex", "ⴀⴁ", "ჱჲ", "ȝet"],
    "of marks by themselves": ["ิ", "1ิ", "_ิ", "aิ", "ก.ิ", "กा", "कิ"],
    "of heaped marks": ["กิิ", "कीी", "ก" + "ิ่" * 3],
    "of accents that no letter has": ["x̌a", "ẹ̀̀", "ọ̈", "q́", "г̄а", "1̀"],
    "of Han and Latin": ["ann〇", "a〇"],
    "of vowel points": ["מֹשֶׁה", "مُحَمَّد", "क॑", "ក឴"],
    "of parts of letters": ["ᄀᄀ", "ㇰㇱ", "ٮڡ", "محمـد"],
}
LOOK_ALIKES = [
    *(("ᎪᎠᎪ", "ada"), ("ᏙᎢᎢᎬ", "vtte"), ("ꭺꭰꭺ", "ada"), ("ꓐꓳꓐ", "bob"), ("ꓐꓸꓐ", "b.b")),
    *(("𐓪𐓶𐓪", "ouo"), ("𖽀𖼖𖼖𖽀", "alla")),
    ("сосо", "coco"),
    ("аса", "aca"),
    ("хоре", "xope"),
    ("οκο", "oko"),
    ("straße", "strasse"),
    ("рѐрѐ", "pèpè"),
    ("јоё", "joë"),
    ("іїі", "iïi"),
    ("ρόχ", "póx"),
    ("ггг", "rrr"),
    ("ьььь", "bbbb"),
    ("ყყყ", "yyy"),
    ("ססס", "ooo"),
    ("ǝda", "əda"),
    *(("علی", "علي"), ("مصطفى", "مصطفی"), ("کمال", "كمال"), ("فہد", "فهد"), ("نوە", "نوه")),
    *(
        ("แม่", "เเม่"),
        ("น้ำ", "น\u0e4d\u0e49\u0e32"),
        ("ແມ່", "ເເມ່"),
        ("มๅ", "มา"),
        ("สิ่ง", "ส\u0e48\u0e34ง"),
    ),
    *(("ײדל", "יידל"), ("װאלף", "וואלף"), ("ױרם", "וירם")),
    *(("крым", "крьім"), ("ĸofi", "kofi"), ("bɨa", "bia")),
    *(("ロ木", "口木"), ("ニ木", "二木"), ("カ石", "力石"), ("タ日", "夕日"), ("エ藤", "工藤")),
    *(
        ("ト部", "卜部"),
        ("ハ木", "八木"),
        ("ミ木", "三木"),
        ("ラーメン", "ラ一メン"),
        ("〇〇", "oo"),
    ),
    *(("ᑌᒍ", "uj"), ("ⵔⵏⵏ", "oll"), ("བསྟན་འཛིན", "བསྟནའཛིན")),
    *(("べに", "ベに"), ("さり", "さリ")),
    *(("आशा", "अाशा"), ("ओम", "अोम"), ("ओम", "आेम"), ("औरव", "अाैरव"), ("ऐना", "एेना")),
    *(("আলো", "অালো"), ("ਆਸਾ", "ਅਾਸਾ"), ("ਇੰਦੂ", "ੲਿੰਦੂ"), ("આશા", "અાશા"), ("ઓમ", "અોમ")),
    *(("ଆଶା", "ଅାଶା"), ("ഓമന", "ഒാമന"), ("ఔరా", "ఒౌరా"), ("ආශා", "අාශා")),
]


@pytest.mark.parametrize("name", first_on_all(GOOD))
def test_a_name_of_one_alphabet_may_be_had(db: None, name: str) -> None:
    assert allowed_names.clean_username(name) == normalize(name)


@pytest.mark.once
@pytest.mark.parametrize("name", [name for names in BAD.values() for name in names])
def test_what_nobody_may_be_called(db: None, name: str) -> None:
    with pytest.raises(ValidationError):
        allowed_names.clean_username(name, is_appointed=True)
    with pytest.raises(ValidationError):
        User.objects.create_user(name or "\x00")


@pytest.mark.once
@pytest.mark.parametrize("name", [*OFFICIAL, wide("admin"), "Admin"])
def test_who_signs_up_is_not_official(db: None, name: str) -> None:
    with pytest.raises(ValidationError):
        allowed_names.clean_username(name)
    assert allowed_names.clean_username(name, is_appointed=True) == normalize(name)


@pytest.mark.parametrize(("name", "other"), first_on_all(LOOK_ALIKES))
def test_who_looks_like_somebody_is_refused(db: None, name: str, other: str) -> None:
    for first, second in ((name, other), (other, name)):
        User.objects.all().delete()
        User.objects.create_user(first)
        with pytest.raises(ValidationError, match="looks like"):
            allowed_names.clean_username(second)
        with pytest.raises(ValidationError, match="Somebody has this name"):
            allowed_names.clean_username(first.upper() if "ß" not in first else first)


@pytest.mark.once
@pytest.mark.parametrize(
    "name",
    [
        "аӏӏ",  # three letters of Cyrillic
        *("adrnin", "r00t", "a11", "he1p", "systern"),
        *("roorn", "0fficial", "rnoderator", "rnedia-chat", "anonyrnous"),
        *("ạdmin", "adṃin", "ȧdmin", "sẏstem", "rooṭ", "rơơt", "øfficial", "helþ", "5upport"),
        *("admin_", "_admin", "system_", "media_chat", "media.chat", "mediachat_", "a-d-m-i-n"),
        *("əvəryonə", "şęćŭřįťý", "ŧeam", "ħere", "adm1n", "4dmin", "h3lp", "adm1n1strator"),
    ],
)
def test_a_reserved_name_in_other_letters_is_refused(db: None, name: str) -> None:
    with pytest.raises(ValidationError, match="Nobody can have"):
        allowed_names.clean_username(name)


def test_honest_names_that_some_fonts_draw_alike_stand_beside_each_other(db: None) -> None:
    for pair in (("tom", "torn"), ("arnold", "amold"), ("anna1", "annal"), ("dorn", "dom")):
        for name in pair:
            User.objects.create_user(allowed_names.clean_username(name))
    for name in ("ali", "ail", "hera", "rorty", "teamo", "admin_ada", "zoe", "zoë", "z_oe", "5ara"):
        assert allowed_names.clean_username(name) == name


@given(st.text(max_size=60))
def test_normalising_is_done_after_one_time(name: str) -> None:
    assert normalize(normalize(name)) == normalize(name)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=45) | st.sampled_from(GOOD))
def test_what_may_be_had_is_plain(name: str) -> None:
    try:
        check(name)
    except ValidationError:
        return
    name = normalize(name)
    assert 0 < len(name) <= 40
    assert name == name.lower() == unicodedata.normalize("NFKC", name)
    assert name not in RESERVED
    assert not any(char.isspace() or not char.isprintable() for char in name)
    assert name[0] not in ".-"
    assert name[-1] not in ".-"
    check(name)


@given(st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=40))
def test_full_width_is_the_same_name(name: str) -> None:
    assert normalize(wide(name)) == name
    outcomes = []
    for spelling in (name, wide(name), name.upper()):
        try:
            check(spelling)
            outcomes.append("")
        except ValidationError as error:
            outcomes.append(error.messages[0])
    assert len(set(outcomes)) == 1


# -- Every way to make an account ---------------------------------------------------------------


def by_page(name: str) -> Any:
    fields = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    return Client().post("/accounts/signup/", fields)


def by_program(name: str) -> Any:
    fields = {"username": name, "password": PASSWORD}
    return Client().post("/_allauth/app/v1/auth/signup", fields, content_type="application/json")


def by_link(name: str) -> Any:
    path = reverse("accounts_first_administrator", args=[first_administrator.token()])
    return Client().post(path, {"username": name, "password": PASSWORD, "again": PASSWORD})


@pytest.mark.once
@pytest.mark.parametrize(
    "name", [wide("system"), "everyone", "two words", "x" * 216, "аda", "сосо", wide("coco")]
)
def test_it_is_refused_and_said_everywhere(
    db: None, name: str, administrator: User, client: Client
) -> None:
    User.objects.create_user("coco")
    client.force_login(administrator)
    both = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    answers = [
        by_page(name),
        client.post("/admin/accounts/user/add/", {"username": name, **both}),
    ]
    User.objects.filter(pk=administrator.pk).update(is_superuser=False)
    answers.append(by_link(name))
    for answer in answers:
        assert answer.status_code == 200
        assert b"errorlist" in answer.content
    answer = by_program(name)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["param"] == "username"
    with pytest.raises(CommandError):
        call_command(
            "createsuperuser", username=name, email="", interactive=False, stderr=StringIO()
        )
    assert User.objects.count() == 2


def test_what_is_normalised_is_what_is_kept(db: None) -> None:
    assert by_program(wide("Ada")).status_code == 200
    assert User.objects.get().username == "ada"
    answer = Client().post("/accounts/login/", {"login": wide("ADA"), "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.parametrize("first", ["İbrahim", "ibrahim", "IBRAHIM", "I\u0307brahim"])
def test_a_dotted_capital_is_no_other_name(db: None, first: str) -> None:
    assert by_page(first)["Location"] != reverse("account_signup")
    assert User.objects.get().username == "ibrahim"
    for name in ("İbrahim", "ibrahim", "İBRAHİM"):
        answer = Client().post("/accounts/login/", {"login": name, "password": PASSWORD})
        assert answer.status_code == 302
        assert render(f"@{name} look").mentions == ["ibrahim"]
        assert by_program(name).status_code == 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["aca", "аса"])
def test_of_two_who_want_a_name_at_once_one_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    User.objects.create_user("aca")
    monkeypatch.setattr(allowed_names, "clean_username", lambda name, **options: name)
    answer = by_program(name)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "username_taken"
    answer = by_page(name)
    assert answer.status_code == 302
    assert answer["Location"] == reverse("account_signup")
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", first_on_all(GOOD))
def test_who_can_register_can_be_mentioned_and_found(db: None, name: str) -> None:
    username = User.objects.create_user(allowed_names.clean_username(name)).username
    upper = name.upper()
    for typed in (name, username, upper if normalize(upper) == username else name):
        rendered = render(f"hi @{typed}, look").naming([username])
        assert rendered.mentions == [username], typed
        assert f'data-username="{username}"' in rendered.html
        assert [each.username for each in directory.find_people(typed)[0]] == [username], typed
    assert [each.username for each in directory.find_people(name[:1])[0]] == [username]


def test_who_can_register_is_completed_by_the_page() -> None:
    """What the page takes for a mention that has been begun, and whether its member fits."""
    program = """
        import { readFileSync } from "node:fs";
        import { begunMention } from "./static/chat/client/people/mentions.js";
        import { matchRank } from "./static/chat/client/people/name-match.js";
        const names = JSON.parse(readFileSync(0, "utf8"));
        const failed = names.filter(([typed, username]) => {
          const begun = begunMention(`hi @${typed}`);
          return begun !== typed || matchRank(begun, [username]) !== 0;
        });
        console.log(JSON.stringify(failed));
    """
    pairs = [(name, normalize(name)) for name in GOOD]
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", program],
        input=json.dumps(pairs + [(username, username) for _, username in pairs]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []


# -- Those who were there before ----------------------------------------------------------------


def as_before(name: str, skeleton: str) -> User:
    """Someone whose name would be refused today."""
    user = User(username=name, skeleton=skeleton)
    user.set_password(PASSWORD)
    User.objects.bulk_create([user])
    return user


@pytest.mark.parametrize("name", ["two words", "аda", "x" * 100, "everyone", "ann@home"])
def test_who_has_a_name_keeps_it(db: None, name: str) -> None:
    user = as_before(name, "")
    client = Client()
    answer = client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert answer.status_code == 302
    client.post("/accounts/profile/", {"display_name": "Somebody"})
    user.refresh_from_db()
    assert (user.username, user.display_name) == (name, "Somebody")
    user.save()


def fill(migration: str) -> None:
    """What the migration does with those who are there."""
    editor = SimpleNamespace(connection=connection)
    import_module(f"accounts.migrations.{migration}").fill(apps, editor)


def aside(user: User) -> str:
    """What somebody has who stood beside another before there were skeletons."""
    return f"={user.pk.hex}"


def test_two_who_look_the_same_go_on_beside_each_other(db: None) -> None:
    first, second = as_before("coco", "one"), as_before("сосо", "two")
    fill("0002_user_skeleton")
    for user in (first, second):
        user.refresh_from_db()
        user.save()
    assert first.skeleton == "coco"
    assert second.skeleton == aside(second)
    assert by_program("сосо").status_code == 400
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(username="cосо")])


def test_what_looks_like_a_letter_only_now_is_filled_in_again(db: None) -> None:
    bob = as_before("bᴏb", "bᴏb")
    rrr, also_rrr = as_before("rrr", "rrr"), as_before("ггг", "ггг")
    pope, also_pope = as_before("рорѐ", "popѐ"), as_before("ρopѐ", "")
    User.objects.filter(pk=also_pope.pk).update(skeleton=aside(also_pope))
    first, second = as_before("ѡѡ", "ѡѡ"), as_before("ᴡѡ", "ᴡѡ")
    long = as_before("г" * 150, "г" * 150)
    crimea, ali = as_before("крым", "kpыm"), as_before("علی", "علی")
    people = (crimea, ali, bob, rrr, also_rrr, pope, also_pope, first, second, long)

    def skeletons() -> list[str]:
        for user in people:
            user.refresh_from_db()
        return [user.skeleton for user in people]

    fill("0004_fill_skeletons_again")
    after = skeletons()
    assert bob.skeleton == "bob"
    assert (rrr.skeleton, also_rrr.skeleton) == ("rrr", aside(also_rrr))
    assert (pope.skeleton, also_pope.skeleton) == ("popè", aside(also_pope))
    assert sorted([first.skeleton, second.skeleton])[1] == "ww"
    assert long.skeleton == "r" * 150
    assert (crimea.skeleton, ali.skeleton) == ("kpbim", "علي")
    fill("0004_fill_skeletons_again")  # as after a crash
    assert skeletons() == after
    for user in people:
        form = {"login": user.username, "password": PASSWORD}
        assert Client().post("/accounts/login/", form).status_code == 302
        user.save()
    for name in ("bob", "rrr", "popè", "ww", "крьім", "علي"):
        assert by_program(name).status_code == 400
