"""Searches find text as it is written, whatever it means to a database.

The same tables on every database: a pattern of LIKE, a regular expression and a reference to a
field are all nothing but text.
"""

import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import CharField, F, ForeignKey, Model, TextField, Value
from django.db.models.functions import Concat
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chat.admin.lists import SEARCH_LIMIT
from chat.models import Attachment, AuditEntry, Membership, Message, Report, Room
from chat.queries import directory
from mediachat.folding import fold, fold_name, words_of
from tests.conftest import PASSWORD

CHARACTERS = f"{string.punctuation} \t\n\r\x0b\x0c\x01\x7f\x85\u2028é\U0001f600"
TEXTS = [
    *(f"a{each}b" for each in CHARACTERS),
    # What patterns could find in place of the above.
    *("a", "b", "ab", "aab", "abb", "axb", "a.*b", "nab", "abs"),
    # Beginnings and ends.
    *("ab\n", "\nab", "ab\r\n", "ab ", " ab", "^ab$", "%ab%", "ab\\", "\\ab", "ab%", "_b", "*b"),
    # Quotes, classes, groups and references of regular expressions, and MongoDB's own words.
    *(r"\Qab\E", r"a\Eb", r"a\.b", r"a\nb", r"a\x00b", r"a\%b", r"a\_b", r"a\\b", r"\Aab\Z"),
    *("[ab]", "[^x]b", "a{1}b", "(ab)", "(?i)ab", "(a|b)", "(?#)ab", "(*FAIL)", "a(?=b)b"),
    *("$reason", "$$ROOT", "{$ne: 1}", "$where", "%s", "%(a)s", "''", '""', "--", "/*ab*/"),
]
SOME = [
    *(f"a{each}b" for each in "\\^$.[]|()*+?{}%_\"' \n"),
    *("ab", "axb", "ab\n", r"\Qab\E", r"a\Eb"),
]
"""For pages, which take longer to make."""

Matches = Callable[[str, str], bool]
LOOKUPS: dict[str, Matches] = {
    "exact": lambda stored, asked: stored == asked,
    "contains": lambda stored, asked: asked in stored,
    "startswith": lambda stored, asked: stored.startswith(asked),
    "endswith": lambda stored, asked: stored.endswith(asked),
}
PREFIXES = {"=": "exact", "^": "startswith"}
"""What they mean before a name in ``search_fields``, there without regard to case."""
FOLDED = "_folded"
"""How the names of columns end that are asked for what a text folds to."""


def _regardless_of_case(name: str) -> Matches:
    return lambda stored, asked: LOOKUPS[name](stored.lower(), asked.lower())


# -- Django's look-ups ------------------------------------------------------------------------


def _entries(texts: list[str]) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(actor=text, target_id=text, target=text, reason=text) for text in texts
    )


@pytest.fixture
def entries(db: None) -> list[str]:
    _entries(TEXTS)
    return TEXTS


def _found(**asked: Any) -> list[str]:
    return sorted(AuditEntry.objects.filter(**asked).values_list("reason", flat=True))


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_finds_what_is_written(entries: list[str], name: str) -> None:
    matches = LOOKUPS[name]
    if connection.vendor == "sqlite" and name != "exact":
        matches = _regardless_of_case(name)  # its LIKE never regards the case of a to z
    for text in entries:
        expected = sorted(each for each in entries if matches(each, text))
        assert _found(**{f"reason__{name}": text}) == expected, (name, text)


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_without_regard_to_case_finds_what_is_written(
    entries: list[str], name: str
) -> None:
    matches = _regardless_of_case(name)
    for text in entries:
        asked = text.swapcase() if text.isascii() else text
        expected = sorted(each for each in entries if matches(each, asked))
        assert _found(**{f"reason__i{name}": asked}) == expected, (name, asked)


CASES = [
    ("Émile", "éMILE"),
    ("über", "ÜBER"),
    ("ЖУК", "жук"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("Straße", "sTRAßE"),
    ("[É*?]^-%_", "[é*?]^-%_"),
    ("2 µm ½ \U0001f600", "2 µM ½ \U0001f600"),
]


@pytest.mark.parametrize(("stored", "asked"), CASES)
def test_case_is_disregarded_in_every_alphabet(db: None, stored: str, asked: str) -> None:
    _entries([stored, f"a{stored}b", "e mile", "E*?^-%_", "strasse"])
    assert _found(reason__iexact=asked) == [stored]
    assert _found(reason__icontains=asked) == sorted([stored, f"a{stored}b"])
    assert _found(reason__istartswith=f"A{asked}") == [f"a{stored}b"]
    assert _found(reason__iendswith=f"{asked}B") == [f"a{stored}b"]


def test_a_text_from_an_expression_or_another_field_is_no_pattern_either(
    entries: list[str],
) -> None:
    for name, matches in LOOKUPS.items():
        for look_up, matching in ((name, matches), (f"i{name}", _regardless_of_case(name))):
            # Django on SQLite takes the other field for a pattern of LIKE, which we never ask.
            if look_up != "iexact" or connection.vendor != "sqlite":
                assert _found(**{f"reason__{look_up}": F("target")}) == sorted(entries), look_up
            for text in ("a.b", "a{b", "a(b", "$reason", "(?i)ab", "ab\n", "ab"):
                expected = sorted(each for each in entries if matching(each, text))
                assert _found(**{f"reason__{look_up}": Value(text)}) == expected, (look_up, text)


def test_what_is_computed_is_searched_as_what_is_stored(entries: list[str]) -> None:
    rows = AuditEntry.objects.annotate(
        twice=Concat("reason", Value("|"), "target", output_field=TextField())
    )
    for text in entries:
        for look_up in ("exact", "iexact", "endswith"):
            found = rows.filter(**{f"twice__{look_up}": f"{text}|{text}"})
            assert [each.reason for each in found] == [text], (look_up, text)


# -- The product's searches -------------------------------------------------------------------


def _people(texts: list[str]) -> list[User]:
    """One for each text, by whatever name: old accounts may have names that new ones may not."""
    return User.objects.bulk_create(
        User(username=text, display_name=text, skeleton=uuid4().hex, password="!") for text in texts
    )


def _rooms(texts: list[str]) -> list[Room]:
    return Room.objects.bulk_create(Room(kind=Room.Kind.PUBLIC, name=text) for text in texts)


def _has(name: str, query: str) -> bool:
    """Whether each word of a query is in a name, as both are folded."""
    return all(word in fold_name(name) for word in words_of(query))


def _are_among(found: list[str], expected: list[str]) -> bool:
    """Whether these are all that were expected, or as many as are told at once."""
    return set(found) <= set(expected) and len(found) == min(len(expected), directory.FOUND_LIMIT)


def test_rooms_are_found_by_what_is_written(owner: User) -> None:
    _rooms(TEXTS)
    for text in TEXTS:
        found = [str(each.name) for each in directory.find_rooms(owner, text)[0]]
        assert _are_among(found, [each for each in TEXTS if _has(each, text)]), text


def test_people_are_found_by_what_is_written(db: None) -> None:
    _people(TEXTS)
    for text in TEXTS:
        found = [each.username for each in directory.find_people(text)[0]]
        assert _are_among(found, [each for each in TEXTS if _has(each, text)]), text
        assert [each.username for each in directory.people([text])] == [text]


def test_a_long_search_is_answered(owner: User) -> None:
    _rooms(TEXTS)
    _people(TEXTS)
    # A sign begins a mention, which is nobody's yet.
    for character in string.punctuation.replace("@", ""):
        asked = character * 80  # as much as a command may ask
        assert directory.find_rooms(owner, asked) == ([], False)
        assert directory.find_people(asked) == ([], False)


# -- The admin's ------------------------------------------------------------------------------


@pytest.fixture
def looking(administrator: User) -> Client:
    client = Client()
    assert client.login(username=administrator.username, password=PASSWORD)
    return client


@pytest.fixture
def everything(db: None) -> None:
    """One row of each kind for each text."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    people, rooms = _people(SOME), _rooms(SOME)
    _entries(SOME)
    Group.objects.bulk_create(Group(name=text) for text in SOME)
    pairs = list(zip(people, rooms, strict=True))
    Membership.objects.bulk_create(Membership(user=user, room=room) for user, room in pairs)
    Attachment.objects.bulk_create(
        Attachment(owner=user, name="x", content_type="text/plain", size=1) for user in people
    )
    messages = Message.objects.bulk_create(
        Message(
            id=uuid4(),
            room=room,
            number=1,
            position=1,
            sender=user,
            client_id=uuid4(),
            created_at=now,
        )
        for user, room in pairs
    )
    Report.objects.bulk_create(Report(message=each, reporter=each.sender) for each in messages)


SEARCHED = [model for model, each in admin.site._registry.items() if each.search_fields]
ALL = {Message: {"which": "all"}, Report: {"state": "all"}}
"""What asks a list for all rows, where it starts with some."""


def _address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _searched(model: type[Model]) -> list[tuple[str, Matches]]:
    """The paths that a search of this list reads, and what it asks there."""
    fields = [str(each) for each in admin.site._registry[model].search_fields]
    return [
        (
            each.lstrip("=^"),
            (lambda stored, asked: fold(asked) in stored)
            if each.endswith(FOLDED)
            else _regardless_of_case(PREFIXES.get(each[0], "contains")),
        )
        for each in fields
    ]


def _read(model: type[Model]) -> dict[UUID, list[tuple[str, Matches]]]:
    """What a search reads of each row."""
    searched = _searched(model)
    paths = [path for path, _ in searched]
    matching = [matches for _, matches in searched]
    return {
        pk: list(zip(values, matching, strict=True))
        for pk, *values in model._default_manager.values_list("pk", *paths)
    }


def _quoted(text: str) -> str:
    """As one word of a search."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model.__name__)
def test_a_list_is_searched_for_what_is_written(
    looking: Client, everything: None, model: type[Model]
) -> None:
    rows = _read(model)
    for text in SOME:
        answer = looking.get(_address(model), {"q": _quoted(text), **ALL.get(model, {})})
        assert answer.status_code == 200, text
        found = {each.pk for each in answer.context["cl"].queryset}
        expected = {
            pk for pk, row in rows.items() if any(matches(value, text) for value, matches in row)
        }
        assert found == expected, text


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model.__name__)
def test_a_list_is_searched_for_much(looking: Client, everything: None, model: type[Model]) -> None:
    for character in r"(*[\%_?$":
        answer = looking.get(_address(model), {"q": character * SEARCH_LIMIT})
        assert answer.status_code == 200, character


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model.__name__)
def test_a_list_searches_text_alone(model: type[Model]) -> None:
    """MongoDB finds no part of a number or a date, and refuses to look for one of an id."""
    for path, _ in _searched(model):
        field: Any = None
        for name in path.split("__"):
            field = (field.related_model if field else model)._meta.get_field(name)
        assert isinstance(field, CharField | TextField), path
        assert not isinstance(field, ForeignKey)


def _choosing() -> dict[type[Model], Any]:
    """For each list that is searched, a field of another that is chosen from it."""
    return {
        field.related_model: field
        for model in admin.site._registry
        for field in model._meta.fields
        if isinstance(field, ForeignKey) and field.related_model in SEARCHED
    }


@pytest.mark.parametrize("model", _choosing(), ids=lambda model: model.__name__)
def test_a_choice_is_searched_for_what_is_written(
    looking: Client, everything: None, model: type[Model]
) -> None:
    rows = _read(model)
    field = _choosing()[model]
    source = field.model._meta
    for text in SOME:
        asked = {"app_label": source.app_label, "model_name": source.model_name}
        answer = looking.get(
            reverse("admin:autocomplete"),
            {**asked, "field_name": field.name, "term": _quoted(text)},
        )
        assert answer.status_code == 200, text
        found = [UUID(each["id"]) for each in answer.json()["results"]]
        expected = {
            pk for pk, row in rows.items() if any(matches(value, text) for value, matches in row)
        }
        assert set(found) <= expected, text
        assert len(found) == min(len(expected), 20), text
