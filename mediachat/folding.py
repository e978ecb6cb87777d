"""Names as they are searched for: without regard to case, accents and ways of typing, and the same
on every database.

Databases fold letters each in their own way, and none of them as people do. So what a name folds
to is stored beside it (``FoldedField``), and searches compare that with the folded query.
static/chat/client/people/name-match.js folds for the page; tests/folding.json holds both.

This finds names. Whether two names look the same is another question (``accounts.look_alikes``).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.lookups import Contains

LENGTH = 500
"""Characters that are kept of a folded name: one of 80 letters can be folded to more, and
PostgreSQL indexes no more than 2,700 bytes."""

_LETTERS = "æ=ae œ=oe ø=o đ=d ð=d ł=l þ=th ħ=h ı=i ŋ=n ŧ=t ɓ=b ɗ=d ƙ=k ƴ=y"
"""Letters that have no accent to take away."""
_ARABIC = "ى=ي ی=ي ک=ك ہ=ه ھ=ه ە=ه ة=ه ٱ=ا \u0640="
"""Those that people type for each other, by country and keyboard; and what makes one longer."""
_SIGNS = (
    "\u2018=' \u2019=' \u02bc=' \u02bb=' \u05f3=' \u05f4=\" \u2010=- \u2011=- \u2013=- \u30a0=-"
)
"""Apostrophes and hyphens that keyboards and word processors make of the plain ones."""
_TSHEG = "\u0f0b"
"""What parts the syllables of Tibetan, which has no spaces between words."""
_KATAKANA = (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)
_TO_HIRAGANA = -0x60
_PLAIN = {ord(pair[0]): pair[2:] for pair in f"{_LETTERS} {_ARABIC} {_SIGNS}".split()} | {
    **{letter: chr(letter + _TO_HIRAGANA) for letter in _KATAKANA},
    ord(_TSHEG): " ",
}
_NUKTA = 7
_POINTS = range(10, 37)
"""Combining classes of the vowel points of Hebrew, Arabic and Syriac."""
_ACCENTS = 200
"""The combining class from which marks are accents. Below stand those that make another letter or
syllable, as in Devanagari, Thai and Japanese."""
_UNSEEN = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f]")
"""Characters that choose how others are drawn, beside those of the category Cf."""


def fold(text: str) -> str:
    """What a text is searched by: the same again for what it returns, with single spaces.

    Letters are taken apart, Korean syllables too, so that whoever types finds before the last
    letter is whole.
    """
    text = _without_marks(text).casefold().translate(_PLAIN)
    return " ".join(_without_marks(text).split())


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not _is_left_out(char))


def _is_left_out(char: str) -> bool:
    kind = unicodedata.combining(char)
    if kind:
        return kind >= _ACCENTS or kind in _POINTS or kind == _NUKTA
    return unicodedata.category(char) == "Cf" or bool(_UNSEEN.match(char))


def fold_name(name: str) -> str:
    """What is stored of a name: each of its words and their later parts, each after a space, so
    that what follows a space is the beginning of a word."""
    words = fold(name).split()
    parts = [part for word in words for part in _parts(word) if not word.startswith(part)]
    return "".join(f" {word}" for word in dict.fromkeys([*words, *parts]))[:LENGTH]


def _parts(word: str) -> list[str]:
    """What stands between the signs of a word, as in ``jean-luc`` and ``o'neil``."""
    return "".join(" " if unicodedata.category(char)[0] in "PS" else char for char in word).split()


def words_of(query: str) -> list[str]:
    """The folded words of a query, each once."""
    return list(dict.fromkeys(fold(query).split()))


def containing(words: Iterable[str], *fields: str) -> Q:
    """Rows that have each of these folded words somewhere in one of these fields."""
    # Each costs every row a comparison: none is asked for that stands in another.
    asked = list(words)
    found = Q()
    for word in asked:
        if not any(word != other and word in other for other in asked):
            found &= _any(fields, word)
    return found


def beginning(words: Iterable[str], *fields: str) -> Q:
    """Rows in which each of these folded words begins a word of one of these fields."""
    return containing([f" {word}" for word in words], *fields)


def _any(fields: Iterable[str], word: str) -> Q:
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__contains": word})
    return found


class FoldedField(models.CharField):  # type: ignore[type-arg]
    """What the name in another field (``of``) is searched by, filled in at every write.

    It can be null: servers of a version before it make rows without it during an upgrade.
    """

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        self.of = of
        kwargs.update(max_length=LENGTH, null=True, editable=False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "null", "editable"):
            del kwargs[fixed]
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        folded = fold_name(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, folded)
        return folded


@FoldedField.register_lookup
class ContainsFolded(Contains):
    """For the admin, which asks what was typed of each field."""

    lookup_name = "icontains"

    def get_prep_lookup(self) -> Any:
        return fold(super().get_prep_lookup())

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        # What is stored has no case any more: to disregard it again, row by row, costs PostgreSQL
        # six times as much, and SQLite twice.
        return compiler.compile(Contains(self.lhs, self.rhs))


def _folded_fields(model: type[models.Model]) -> list[FoldedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, FoldedField)]


class NamedQuerySet(models.QuerySet[Any]):
    """Writes what names fold to where it writes the names."""

    def update(self, **values: Any) -> int:
        for field in _folded_fields(self.model):
            if isinstance(name := values.get(field.of), str):
                values.setdefault(field.name, fold_name(name))
        return super().update(**values)

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        rows, fields = list(objs), list(fields)
        for field in _folded_fields(self.model):
            if field.of in fields and field.name not in fields:
                fields.append(field.name)
                for row in rows:
                    field.pre_save(row, add=False)
        return super().bulk_update(rows, fields, batch_size)


class Named(models.Model):
    """Rows that are found by their names."""

    objects = NamedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if update_fields is not None:
            written = set(update_fields)
            folded = {each.name for each in _folded_fields(type(self)) if each.of in written}
            update_fields = written | folded
        super().save(*args, update_fields=update_fields, **kwargs)


BATCH = 500
"""Rows that are read at once to be filled in."""


def fill_in() -> int:
    """Folds the names of rows that have none to be found by, and returns how many these were:
    servers of the version before folding make such rows during an upgrade.

    Each row is written only while it has the name that was read, so that nobody who is served
    meanwhile is overwritten.
    """
    return sum(
        _fill_in(model, field)
        for model in apps.get_models()
        if issubclass(model, Named)
        for field in _folded_fields(model)
    )


def _fill_in(model: type[Named], field: FoldedField) -> int:
    rows = model.objects.filter(**{field.name: None}).order_by("pk").values_list("pk", field.of)
    filled = 0
    page = list(rows[:BATCH])
    while page:
        for pk, name in page:
            as_read = model.objects.filter(**{"pk": pk, field.of: name})
            filled += as_read.update(**{field.name: fold_name(name)})
        page = list(rows.filter(pk__gt=page[-1][0])[:BATCH])
    return filled
