"""Names fold as people type them, and the database has what each of them folds to."""

import json
import sys
import unicodedata
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from chat.models import Room
from mediachat import folding
from mediachat.folding import LENGTH, fold, fold_name, words_of
from tests.conftest import person

TABLE = Path(__file__).parent.parent / "folding.json"
CASES: list[tuple[str, list[str]]] = json.loads(TABLE.read_text(encoding="utf-8"))

DIFFERENT = [
    ("ガ", "カ"),  # other syllables of Japanese
    ("ครู", "คร"),  # a vowel of Thai
    ("की", "कि"),  # vowels of Hindi
    ("かな", "かん"),
    ("bob", "bobby"),
]


@pytest.mark.parametrize(("name", "queries"), CASES, ids=lambda each: str(each)[:20])
def test_a_name_has_what_people_type_of_it(name: str, queries: list[str]) -> None:
    for query in queries:
        assert all(word in fold_name(name) for word in words_of(query)), query


@pytest.mark.parametrize(("name", "other"), DIFFERENT)
def test_other_letters_stay_others(name: str, other: str) -> None:
    assert fold(name) != fold(other)


def test_what_is_folded_is_folded_no_further() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(char) not in ("Cs", "Cn", "Co"):
            once = fold(f"a{char}b")
            assert fold(once) == once, hex(ord(char))
            assert fold(unicodedata.normalize("NFC", f"a{char}b")) == once, hex(ord(char))


def test_the_parts_of_a_word_follow_a_space() -> None:
    assert fold_name("Jean-Luc  O’Neil") == " jean-luc o'neil luc neil"
    assert fold_name("(Bob) ann_b.c") == " (bob) ann_b.c bob b c"
    assert fold_name("มิน ครู") == f" {fold('มิน')} {fold('ครู')}"  # a vowel parts nothing
    assert fold_name("") == ""


def test_the_longest_names_fit() -> None:
    for name in ("ﷺ" * 80, "a-" * 75, "힣" * 80):
        assert len(fold_name(name)) <= LENGTH


# -- What is stored ----------------------------------------------------------------------------


def _stored(user: User) -> tuple[str | None, str | None]:
    row = User.objects.filter(pk=user.pk)
    return row.values_list("username_folded", "display_name_folded").get()


def test_every_way_to_write_a_name_writes_what_it_folds_to(db: None) -> None:
    user = person("zoë")  # in bulk
    assert _stored(user) == (" zoe", " zoe")

    user.display_name = "Ľubica"
    user.save(update_fields=["display_name"])
    assert _stored(user) == (" zoe", " lubica")

    User.objects.filter(pk=user.pk).update(display_name="Ñandú")
    assert _stored(user) == (" zoe", " nandu")

    user.display_name = "Ş"
    User.objects.bulk_update([user], ["display_name"])
    assert _stored(user) == (" zoe", " s")

    user.display_name = "Ž"
    user.save()
    assert _stored(user) == (" zoe", " z")

    User.objects.update_or_create(username="zoë", defaults={"display_name": "Ö"})
    assert _stored(user) == (" zoe", " o")

    [made] = User.objects.bulk_create([User(username="rené", display_name="Ç", password="!")])
    assert _stored(made) == (" rene", " c")

    user.is_active = False
    user.save(update_fields=["is_active"])
    assert _stored(user) == (" zoe", " o")


def test_rooms_too(db: None) -> None:
    [room] = Room.objects.bulk_create([Room(kind=Room.Kind.PUBLIC, name="Café")])
    assert Room.objects.get(pk=room.pk).name_folded == " cafe"
    Room.objects.filter(pk=room.pk).update(name="Crêpes")
    assert Room.objects.get(pk=room.pk).name_folded == " crepes"


@pytest.mark.parametrize(
    ("migration", "model", "names", "expected"),
    [
        (
            "accounts.migrations.0006_fold_names",
            User,
            {"username": "rené", "display_name": "René É"},
            {"username_folded": " rene", "display_name_folded": " rene e"},
        ),
        (
            "chat.migrations.0012_fold_names",
            Room,
            {"kind": "public", "name": "Öl"},
            {"name_folded": " ol"},
        ),
    ],
)
def test_rows_of_the_version_before_are_filled_in(
    db: None, monkeypatch: Any, migration: str, model: Any, names: Any, expected: Any
) -> None:
    fill = import_module(migration)
    monkeypatch.setattr(fill, "BATCH", 2)  # several pages
    rows = [model(**names)]
    if model is User:
        rows += [User(username=f"u{n}", skeleton=f"u{n}", password="!") for n in range(4)]
    else:
        rows += [Room(kind="public", name=f"r{n}") for n in range(4)]
    made = model.objects.bulk_create(rows)
    ours = model.objects.filter(pk__in=[each.pk for each in made])
    ours.update(**dict.fromkeys(expected))
    for _ in range(2):  # it can be begun again
        fill.fold_names(apps, SimpleNamespace(connection=connection))
    row = model.objects.get(pk=made[0].pk)
    assert {name: getattr(row, name) for name in expected} == expected
    assert not model.objects.filter(**{next(iter(expected)): None}).exists()


def test_a_start_fills_in_what_servers_of_the_version_before_left(
    db: None, monkeypatch: Any
) -> None:
    """They go on beside the first new one, and know nothing of folded names."""
    monkeypatch.setattr(folding, "BATCH", 2)
    people = [person(f"öl{number}") for number in range(5)]
    rooms = Room.objects.bulk_create(Room(kind="public", name=f"Öl {n}") for n in range(3))
    kept = person("kept")
    User.objects.filter(pk__in=[each.pk for each in people]).update(
        username_folded=None, display_name_folded=None
    )
    Room.objects.filter(pk__in=[each.pk for each in rooms]).update(name_folded=None)
    assert folding.fill_in() == 5 + 5 + 3
    for each in people:
        assert _stored(each) == (fold_name(each.username), fold_name(each.display_name))
    assert set(Room.objects.values_list("name_folded", flat=True)) == {" ol 0", " ol 1", " ol 2"}
    assert _stored(kept) == (" kept", " kept")
    assert folding.fill_in() == 0


def test_who_is_renamed_meanwhile_is_not_overwritten(db: None, monkeypatch: Any) -> None:
    late = person("late")
    User.objects.filter(pk=late.pk).update(display_name_folded=None)
    original = folding.fold_name

    def renamed_first(name: str) -> str:
        monkeypatch.setattr(folding, "fold_name", original)
        User.objects.filter(pk=late.pk).update(display_name="Newer")
        return original(name)

    monkeypatch.setattr(folding, "fold_name", renamed_first)
    assert folding.fill_in() == 0
    assert _stored(late) == (" late", " newer")
