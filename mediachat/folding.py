"""Folds names for searches: without case, accents and ways of typing, the same on every database.

Databases fold letters each in their own way, and none as people do. So the folded form of a name is
stored beside it (``FoldedField``), and searches compare that with the folded query.
static/chat/client/people/name-match.js folds for the page; tests/folding.json tests both.

This is for finding names. ``accounts.names.look_alikes`` decides whether two names look the same.
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
    """Returns the text's search form, with single spaces; folding twice changes nothing.

    Letters are decomposed, Korean syllables too, so that a search matches before the last letter is
    complete.
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
    """Returns the stored search form of a name: each of its words and their later parts, each after
    a space, so that a space marks the beginning of a word.
    """
    words = fold(name).split()
    parts = [part for word in words for part in _parts(word) if not word.startswith(part)]
    return "".join(f" {word}" for word in dict.fromkeys([*words, *parts]))[:LENGTH]


def _parts(word: str) -> list[str]:
    """Returns the parts between the punctuation of a word, as in ``jean-luc`` and ``o'neil``."""
    return "".join(" " if unicodedata.category(char)[0] in "PS" else char for char in word).split()


def words_of(query: str) -> list[str]:
    """Returns the folded words of a query, each once."""
    return list(dict.fromkeys(fold(query).split()))


def containing(words: Iterable[str], *fields: str) -> Q:
    """Returns a filter for rows that have each of these folded words somewhere in one of these
    fields.
    """
    # Each costs a comparison per row, so words that are part of another are skipped.
    asked = list(words)
    found = Q()
    for word in asked:
        if not any(word != other and word in other for other in asked):
            found &= _any(fields, word)
    return found


def beginning(words: Iterable[str], *fields: str) -> Q:
    """Returns a filter for rows in which each of these folded words begins a word of
    these fields.
    """
    return containing([f" {word}" for word in words], *fields)


def _any(fields: Iterable[str], word: str) -> Q:
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__contains": word})
    return found


class FoldedField(models.CharField):  # type: ignore[type-arg]
    """The search form of the name in another field (``of``), set at every write.

    It can be null: during an upgrade, servers of an older version create rows without it.
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
    """A look-up for the admin, which searches each field for the typed text."""

    lookup_name = "icontains"

    def get_prep_lookup(self) -> Any:
        return fold(super().get_prep_lookup())

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        # The stored form has no case: ignoring it again, row by row, is six times as slow on
        # PostgreSQL, and twice on SQLite.
        return compiler.compile(Contains(self.lhs, self.rhs))


def _folded_fields(model: type[models.Model]) -> list[FoldedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, FoldedField)]


class NamedQuerySet(models.QuerySet[Any]):
    """Writes the search forms of names wherever it writes the names."""

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
    """A model whose rows are found by their names."""

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
    """Sets the missing search forms of names, and returns how many these were: during an upgrade,
    servers of an older version create such rows.

    Each row is written only while it has the name that was read, so that a concurrent change is not
    overwritten.
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
