"""Makes look-ups match text literally, which the stock backend does not always do.

Most look-ups of text become regular expressions. The stock backend escapes the text of
``contains``, ``startswith`` and ``endswith``, but not that of ``iexact``, and only partly text from
another field. It ends them with ``$``, which a line break may follow. And if a computed value is
compared with text that begins with ``$``, it takes that for a field's name.
"""

import re
from typing import Any

from django.db.models import Value
from django.db.models.lookups import BuiltinLookup, IExact, PatternLookup
from django_mongodb_backend import lookups
from django_mongodb_backend.query_utils import is_direct_value, process_lhs, process_rhs

END = r"(?![\s\S])"
"""Where nothing follows. ``\\z`` says the same, but not to every engine that speaks MongoDB's
protocol."""
SPECIAL = "\\^$.[]|()*+?{}"
"""What means something in a regular expression; the backslash first, which escapes the others."""


def escaped(text: str) -> str:
    """Returns the regular expression for this text. MongoDB accepts none with the character NUL."""
    return re.escape(text).replace("\0", r"\x00")


def _field(name: str, pattern: str, options: str = "") -> dict[str, Any]:
    return {name: {"$regex": pattern, "$options": options}}


def _computed(value: Any, *pattern: Any, options: str = "") -> dict[str, Any]:
    return {"$regexMatch": {"input": value, "regex": {"$concat": pattern}, "options": options}}


OF_FIELDS = {
    "iexact": lambda name, text: _field(name, f"^{text}{END}", "i"),
    "endswith": lambda name, text: _field(name, f"{text}{END}"),
    "iendswith": lambda name, text: _field(name, f"{text}{END}", "i"),
}
"""Conditions on a stored field, by look-up."""
OF_COMPUTED = {
    "iexact": lambda value, text: _computed(value, "^", text, END, options="i"),
    "endswith": lambda value, text: _computed(value, text, END),
    "iendswith": lambda value, text: _computed(value, text, END, options="i"),
}
"""The same on something computed."""


def _pattern(lookup: Any, value: Any) -> Any:
    """Returns the regular expression for the searched text, without anchors."""
    if is_direct_value(lookup.rhs):
        # Django has escaped it, and put percent signs around it for LIKE.
        return lookups.pattern_lookup_prep_lookup_value(lookup, value)
    if isinstance(lookup.rhs, Value) and isinstance(value, str):
        return escaped(value)
    return {
        "$reduce": {
            "input": {"$literal": list(SPECIAL)},
            "initialValue": value,
            "in": {
                "$replaceAll": {
                    "input": "$$value",
                    "find": "$$this",
                    "replacement": {"$concat": ["\\", "$$this"]},
                }
            },
        }
    }


def _compared(lookup: Any, compiler: Any, connection: Any) -> Any:
    """Compares like the stock backend, but treats text as text."""
    asked = process_rhs(lookup, compiler, connection, as_expr=True)
    if isinstance(asked, str) and is_direct_value(lookup.rhs):
        asked = {"$literal": asked}
    value = process_lhs(lookup, compiler, connection, as_expr=True)
    return connection.mongo_expr_operators[lookup.lookup_name](value, asked)


def register() -> None:
    """Replaces the stock look-ups by these, for every model."""
    IExact.prep_lookup_value_mongo = _pattern  # type: ignore[attr-defined]
    PatternLookup.prep_lookup_value_mongo = _pattern  # type: ignore[attr-defined]
    BuiltinLookup.as_mql_expr = _compared  # type: ignore[attr-defined]
