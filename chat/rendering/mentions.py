"""Finds mentions in messages, and the people they can mean.

A mention is ``@name`` at the start of a word. Chinese, Japanese, Korean, Thai and others write
words without spaces between them: there it also begins after a letter, as in ``你好@bob``. It ends
where the letters of another alphabet begin, as a username has those of one. In ``@小明你好`` only
the people who exist can tell where the name ends, so such a name has several readings.

static/chat/client/people/mentions.js has the same grammar for completion; tests/mentions.json holds
both.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from accounts.names.usernames import (
    ALPHABETS,
    LENGTH,
    MARKS,
    TYPED_LENGTH,
    WRITTEN_TOGETHER,
    alphabet,
    normalize,
)

WIDE_SIGN = "\uff20"
"""The sign as Chinese and Japanese keyboards write it."""
SIGNS = f"@{WIDE_SIGN}"
READINGS_LIMIT = 400
"""Usernames that one text may ask for."""
MARKS_LIMIT = 8
"""Accents and vowels on one letter that are passed on the way to it."""

_LETTER = rf"\w{MARKS}\u0300-\u036f"
"""What a name is made of; some programs write an accented letter as a letter and its accent."""
_JOINERS = "\u200c\u200d"
"""They shape the letters of some scripts; a username is the same without them."""
_NAME = re.compile(rf"\w(?:[{_LETTER}{_JOINERS}.+-]{{0,148}}[{_LETTER}])?")
_JOINS_A_WORD = re.compile(rf"[{_LETTER}{SIGNS}./+-]")
_UNSPACED = frozenset(
    {
        *("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"),
        *("THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"),
        *("TAI", "NEW", "JAVANESE", "BALINESE", "CHAM", "YI"),
    }
)
"""Alphabets of words that follow each other without a space, or that take endings after a name."""
_OTHER = "other"


def name_at(text: str, sign: int, end: int) -> str:
    """Returns the name of the mention that begins at ``text[sign]``, one of ``SIGNS``, as typed and
    at its longest; empty if none begins there. ``end`` is where the text ends.
    """
    found = _NAME.match(text, sign + 1, end)
    if found is None:
        return ""
    name = _of_one_alphabet(found[0])
    if sign and text[sign - 1] == "_":  # perhaps the emphasis around a mention, as in _@name_
        name = name.rstrip("_")
    elif not _begins(text, sign, name):
        return ""
    return name if len(normalize(name)) <= TYPED_LENGTH else ""


def readings(names: Iterable[str]) -> list[str]:
    """Returns the usernames that these names could mean, the names themselves first."""
    found = dict.fromkeys(names)
    for name in tuple(found):
        for reading in _shorter(name):
            if len(found) >= READINGS_LIMIT:
                return list(found)
            found[reading] = None
    return list(found)


def reading(name: str, people: Collection[str]) -> str | None:
    """Returns which of these people a name means: the one with the longest username."""
    return next((each for each in (name, *_shorter(name)) if each in people), None)


def typed(name: str, username: str) -> str:
    """Returns how much of a typed name is this username, one of its readings."""
    lengths = range(len(name) + 1)
    return name[: bisect_right(lengths, len(username), key=lambda n: len(normalize(name[:n]))) - 1]


def renamed(text: str, username: str, to: str, others: Collection[str] = ()) -> str:
    """Returns the text with another name in each mention of this person, unless the mention could
    mean one of the others, whose usernames begin with theirs (``longer_names``).
    """
    parts, done = [], 0
    people = {username, *others}
    for start, name in _names_in(text):
        if start >= done and reading(normalize(name), people) == username:
            parts += [text[done:start], to]
            done = start + len(typed(name, username))
    return "".join([*parts, text[done:]])


def longer_names(text: str, username: str) -> set[str]:
    """Returns the usernames that mentions in this text could mean instead of this one."""
    found: set[str] = set()
    for _, name in _names_in(text):
        readings = list(dict.fromkeys((name := normalize(name), *_shorter(name))))
        if username in readings:
            found.update(readings[: readings.index(username)])
    return found


def _names_in(text: str) -> Iterator[tuple[int, str]]:
    """Where the name of each mention begins, and the name as it was typed."""
    for sign in re.finditer(f"[{SIGNS}]", text):
        if name := name_at(text, sign.start(), len(text)):
            yield sign.end(), name


def _shorter(name: str) -> Iterator[str]:
    """The beginnings of a name that end between two letters of words without spaces."""
    for end in range(min(len(name) - 1, LENGTH), 0, -1):
        rest = name[end]
        if _alphabet(rest) not in _UNSPACED:
            return
        if not unicodedata.category(rest).startswith("M") and name[end - 1] not in ".+-":
            yield name[:end]


def _of_one_alphabet(name: str) -> str:
    if name.isascii():
        return name
    so_far: set[str] = set()
    for at, char in enumerate(name):
        if (its := _alphabet(char)) and its not in so_far:
            so_far.add(its)
            if len(so_far) > 1 and not any(so_far <= each for each in WRITTEN_TOGETHER):
                return name[:at].rstrip(".+-")
    return name


def _begins(text: str, sign: int, name: str) -> bool:
    if not sign or not _JOINS_A_WORD.match(text[sign - 1]):
        return True
    at = sign - 1
    while at and sign - at <= MARKS_LIMIT and unicodedata.category(text[at]).startswith("M"):
        at -= 1
    before = _alphabet(text[at])
    if before in _UNSPACED:
        return True
    if before in ("", _OTHER):
        return False
    # What has a dot is an e-mail address, of which either side may be in any alphabet.
    return _alphabet(name[0]) not in ("", before) and "." not in name


@lru_cache(maxsize=4096)
def _alphabet(char: str) -> str:
    """The alphabet of a letter; empty for a digit, a sign or an accent, which stand with any."""
    if char.isascii():
        return "LATIN" if char.isalpha() else ""
    char = unicodedata.normalize("NFKC", char)[0]
    found = alphabet(char)
    if found in ALPHABETS:
        return found
    return _OTHER if char.isalpha() else ""
