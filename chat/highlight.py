"""Colours for code in messages: Pygments, as classes that static/chat/code.css paints.

Lexers are regular expressions over what strangers wrote, and some of the several hundred that
Pygments has take very long on the wrong input. So: only the languages named here, only blocks
of a sensible length, and only for so long. Everything else is shown plain.
"""

import time
from collections.abc import Iterator
from functools import cache

from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import STANDARD_TYPES, _TokenType

LONGEST = 8_000
"""Code beyond this many characters is shown plain."""
SECONDS = 0.04
"""Of work, for one block; ordinary code of the greatest length takes half of it."""

LANGUAGES: dict[str, str] = {
    alias: aliases.split()[0]
    for aliases in (
        "bash sh shell shellscript zsh console",
        "c h",
        "cpp c++ cxx hpp",
        "csharp c# cs",
        "css",
        "dart",
        "diff patch udiff",
        "docker dockerfile",
        "elixir ex exs",
        "go golang",
        "graphql",
        "haskell hs",
        "html",
        "java",
        "javascript js jsx mjs javascriptreact",
        "json jsonc",
        "kotlin kt",
        "lua",
        "make makefile",
        "nginx",
        "php",
        "powershell ps1 pwsh",
        "python py python3 py3",
        "pytb traceback",
        "r",
        "ruby rb",
        "rust rs",
        "sql postgres postgresql mysql sqlite",
        "swift",
        "toml ini cfg",
        "typescript ts tsx typescriptreact",
        "xml svg",
        "yaml yml",
    )
    for alias in aliases.split()
}
"""What may stand after the fence, and the language that it means."""

TOKEN_CLASSES: frozenset[str] = frozenset(filter(None, STANDARD_TYPES.values()))
LANGUAGE_CLASSES: frozenset[str] = frozenset(f"language-{name}" for name in LANGUAGES.values())

_formatter = HtmlFormatter(nowrap=True)


def language_of(info: str) -> str | None:
    """The language that a fence's info string names, if it is one that we know."""
    words = info.split(maxsplit=1)
    return LANGUAGES.get(words[0].lower()) if words else None


def highlight(code: str, language: str) -> str | None:
    """The code as spans of Pygments classes, escaped; None when that would take too long."""
    if len(code) > LONGEST:
        return None
    parts: list[str] = []
    lexer = _lexer_class(language)(stripnl=False, ensurenl=False)
    try:
        _formatter.format(_in_time(lexer.get_tokens(code)), _Parts(parts))
    except TimeoutError:
        return None
    return "".join(parts)


def _in_time(tokens: Iterator[tuple[_TokenType, str]]) -> Iterator[tuple[_TokenType, str]]:
    end = time.thread_time() + SECONDS
    for token in tokens:
        if time.thread_time() > end:
            raise TimeoutError
        yield token


@cache
def _lexer_class(language: str) -> type[Lexer]:
    return find_lexer_class_by_name(language)


class _Parts:
    """The file that a formatter writes to."""

    def __init__(self, parts: list[str]) -> None:
        self.write = parts.append
