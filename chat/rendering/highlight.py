"""Highlights code in messages with Pygments, as classes that static/chat/styles/code.css colours.

Lexers are regular expressions over untrusted text, and some of Pygments' several hundred take very
long on certain input. So highlighting is limited to the languages named here, to blocks of a
sensible length, and in time and HTML size. All other code is shown plain.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import STANDARD_TYPES, _TokenType

LONGEST = 8_000
"""Code beyond this many characters is shown plain."""
CODE_LIMIT = 16_000
"""Characters of code in one message that are highlighted."""
SECONDS = 0.03
"""Of work, for the code of one message; 8,000 characters of ordinary code take half of it."""
COLOURED_LIMIT = 60_000
"""Characters of HTML that the highlighted code of one message may become: 8,000 characters of
ordinary code become 30,000 to 50,000, and some made for it 200,000."""

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
    """Returns the language that a fence's info string names, or None if it is unknown."""
    words = info.split(maxsplit=1)
    return LANGUAGES.get(words[0].lower()) if words else None


@dataclass(slots=True)
class Colours:
    """The remaining highlighting budget of one message."""

    seconds: float = SECONDS
    code: int = CODE_LIMIT
    """Characters of code."""
    html: int = COLOURED_LIMIT
    """Characters of HTML."""


def highlight(code: str, language: str, colours: Colours) -> str | None:
    """Returns the code as spans of Pygments classes, escaped; None if that would exceed
    the budget.
    """
    colours.code -= len(code)
    if len(code) > LONGEST or colours.code < 0 or colours.seconds <= 0:
        return None
    parts = _Parts(colours.html)
    lexer = _lexer_class(language)(stripnl=False, ensurenl=False)
    start = time.thread_time()
    try:
        _formatter.format(_until(start + colours.seconds, lexer.get_tokens(code)), parts)
    except _TooMuchError:
        return None
    finally:
        colours.seconds -= time.thread_time() - start
    colours.html = parts.left
    return "".join(parts.written)


class _TooMuchError(Exception):
    """This code takes more time or HTML than a message may."""


def _until(
    end: float, tokens: Iterator[tuple[_TokenType, str]]
) -> Iterator[tuple[_TokenType, str]]:
    for token in tokens:
        if time.thread_time() > end:
            raise _TooMuchError
        yield token


@cache
def _lexer_class(language: str) -> type[Lexer]:
    return find_lexer_class_by_name(language)


class _Parts:
    """The file that a formatter writes to, of at most so many characters."""

    def __init__(self, limit: int) -> None:
        self.written: list[str] = []
        self.left = limit

    def write(self, part: str) -> None:
        self.left -= len(part)
        if self.left < 0:
            raise _TooMuchError
        self.written.append(part)
