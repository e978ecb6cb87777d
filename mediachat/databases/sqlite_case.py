"""Makes look-ups on SQLite ignore the case of all letters, as the other databases do.

SQLite's LIKE only folds a to z, so a search for ``émile`` would not find ``Émile``. Its GLOB
accepts a set of letters at each position. A Python function could fold them too, but each row would
wait for the interpreter, which the event loop uses.
"""

from typing import Any

from django.db.models.lookups import IContains, IEndsWith, IExact, IStartsWith

FORMS = {"iexact": "{}", "icontains": "*{}*", "istartswith": "{}*", "iendswith": "*{}"}
"""The pattern of each look-up; a star stands for any text."""


def pattern(text: str) -> str:
    """Returns the GLOB pattern that matches this text in either case."""
    return "".join(_either(each) for each in text)


def _either(character: str) -> str:
    # Some have no single letter in the other case: ß would become SS.
    forms = (character, character.lower(), character.upper())
    letters = {each for each in forms if len(each) == 1}
    if letters & set("σΣς"):
        letters |= set("σΣς")  # one letter, which has another form at the end of a word
    if len(letters) == 1 and character not in "*?[":
        return character
    return f"[{''.join(sorted(letters))}]"


def _as_sqlite(lookup: Any, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
    text = lookup.rhs
    if not isinstance(text, str) or text.isascii() or lookup.bilateral_transforms:
        return lookup.as_sql(compiler, connection)
    searched, parameters = lookup.process_lhs(compiler, connection)
    asked = FORMS[lookup.lookup_name].format(pattern(text))
    return f"{searched} GLOB %s", [*parameters, asked]


def register() -> None:
    """Replaces Django's own look-up by this one, for every model."""
    kinds: tuple[Any, ...] = (IExact, IContains, IStartsWith, IEndsWith)
    for kind in kinds:
        kind.as_sqlite = _as_sqlite
