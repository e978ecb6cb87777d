"""Finds addresses in messages, and decides which of them become links.

linkify-it finds candidates. It takes ``README.md`` for a domain of Moldova, and it ends addresses
by ASCII alone; this module corrects both.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from linkify_it import LinkifyIt

URL_LIMIT = 2_048
"""Characters of an address; a longer word is searched for none."""

_WEB = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z]+:", re.IGNORECASE)
_FOREIGN_SCHEME = re.compile(r"(?<!http:)(?<!https:)//", re.IGNORECASE)
_PATH_OF_A_REMOTE = re.compile(r":[^\s:]")
_FULL_STOPS = str.maketrans("\u3002\uff61", "..")
"""What browsers take for a dot between the parts of a domain."""
_HOST = re.compile(r"(?:[^\s/?#@]*@)?([^\s/?#:@]+)")

_SURE = frozenset(
    {
        *("com", "org", "net", "edu", "gov", "mil", "biz", "eu"),
        *("ar", "au", "br", "ca", "ch", "cn", "cz", "de", "dk", "es", "fi", "fr"),
        *("gr", "hk", "hu", "ie", "il", "jp", "kr", "mx", "nl", "nz", "ru", "se", "sg", "sk"),
        *("tr", "tw", "ua", "uk", "za"),
        *("рф", "укр", "中国", "한국"),
    }
)
"""Ends of domains that nobody takes for the end of a file's name or for a word."""
_OFTEN_WITH_A_PATH = ("app", "blog", "cloud", "dev", "page", "site", "tech", "xyz", "zone")
_FILES = frozenset(
    {
        *("ac", "ai", "am", "as", "bz", "cc", "cl", "cr", "gd", "gz", "hs", "in", "kt", "la"),
        *("ld", "lua", "md", "mk", "ml", "mm", "nc", "nf", "nim", "pa", "pl", "pm", "ps", "pt"),
        *("py", "rs", "sc", "sh", "so", "st", "sv", "tf", "tl", "ts", "tt", "vb", "vi", "ws"),
        *("avif", "bin", "bmp", "c", "cfg", "conf", "cpp", "cs", "css", "csv", "db", "dll"),
        *("docx", "exe", "gif", "go", "h", "htm", "html", "ico", "ini", "java", "jpeg", "jpg"),
        *("js", "json", "jsx", "log", "mjs", "mov", "mp3", "mp4", "pdf", "php", "png", "rb"),
        *("sql", "svg", "tar", "toml", "tsx", "ttf", "txt", "vue", "wasm", "webm", "webp"),
        *("woff", "woff2", "xlsx", "xml", "yaml", "yml", "zip"),
    }
)
"""Ends of names of files, some of which are domains too."""

_CLOSING = {")": "(", "]": "[", "}": "{"}
_IN_ADDRESSES = "\u00b7\u30fb"
"""Dots within words, as in Catalan and Japanese titles."""
_MIDDLE = "\u2013" + _IN_ADDRESSES
"""What may stand within an address, and never at its end."""
_BESIDE_PUNCTUATION = "\u2014\u2015\u301c\uff1c\uff1e\uff5e"
"""Dashes and signs that Unicode has as symbols, and that people use as punctuation."""
_APOSTROPHES = "\u2018\u2019"


def _punctuation() -> str:
    """The punctuation of all scripts but ASCII's, for a regular expression."""
    kinds = ("Ps", "Pe", "Pi", "Pf", "Po")
    return "".join(
        chr(code)
        for code in range(0x80, 0x12000)
        if unicodedata.category(chr(code)) in kinds and chr(code) not in _IN_ADDRESSES
    ).translate(str.maketrans("", "", _APOSTROPHES))


_END = re.compile(rf"[{_punctuation()}{_BESIDE_PUNCTUATION}]|[{_APOSTROPHES}](?!\w)")
_GOES_ON = re.compile(r"[^\s<>\"()\[\]{}]*")
_TRAILING = f".,;:!?'*_~{_MIDDLE}"


class Links(LinkifyIt):
    """Finds http(s) addresses, domains and e-mail addresses; never in a very long word,
    where the search would take quadratic time."""

    _long_word = re.compile(rf"(?<!\S)\S{{{URL_LIMIT + 1}}}")

    def __init__(self) -> None:
        super().__init__()
        self.add("ftp:", None).add("//", None)
        self.tlds(list(_OFTEN_WITH_A_PATH), keep_old=True)
        self.set({"fuzzy_ip": True})

    def match_at_start(self, text: str) -> Any:
        text = text[:URL_LIMIT]
        found = super().match_at_start(text)
        return found and _ended(found, text)

    def match(self, text: str) -> Any:
        found = self._candidates(text)
        return [each for each in found if _is_surely_an_address(each, text)] or None

    def seeming(self, text: str) -> list[str]:
        """Yields the texts that a reader may take for addresses, certain or not, of any scheme."""
        found = self._candidates(_FOREIGN_SCHEME.sub(" ", text))
        return [each.url for each in found if not _is_of_a_file(each)]

    def _candidates(self, text: str) -> list[Any]:
        if self._long_word.search(text):
            return []
        return list(_apart([_ended(each, text) for each in super().match(text) or ()]))


def as_read(text: str) -> str:
    """Returns a text as a reader perceives it: without wide or invisible characters."""
    text = unicodedata.normalize("NFKC", text.translate(_FULL_STOPS))
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


def is_web(address: str) -> bool:
    """Returns whether a link may lead there."""
    return _WEB.match(address) is not None


def host_of(address: str) -> str:
    """Returns the owner of an address: a host, or an e-mail address."""
    if address.lower().startswith("mailto:"):
        return address[len("mailto:") :].partition("?")[0].lower()
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    return host.removeprefix("www.")


def is_of(host: str, shown: str) -> bool:
    """Returns whether an address of ``host`` may be shown as one of ``shown``, such as
    a subdomain.
    """
    return host == shown or host.endswith(f".{shown}")


def _apart(found: list[Any]) -> Iterator[Any]:
    """Those that do not begin in the address before them, which may have become longer."""
    end = 0
    for each in found:
        if each.index >= end:
            end = each.last_index
            yield each


def _ended(found: Any, text: str) -> Any:
    """A match whose end takes heed of brackets within brackets, and of every script."""
    end = _reach(text, found.index, found.last_index)
    end = found.index + len(text[found.index : end].rstrip(_TRAILING))
    if end != found.last_index:
        added = len(found.url) - len(found.raw)  # the scheme of one that was written without
        scheme = found.url[:added] if added > 0 else ""
        found.raw = found.text = text[found.index : end]
        found.url = scheme + found.raw
        found.last_index = end
    return found


def _reach(text: str, start: int, end: int) -> int:
    if foreign := _END.search(text, start, end):
        return foreign.start()
    while end < len(text) and end - start < URL_LIMIT and text[end] in _CLOSING:
        opening = _CLOSING[text[end]]
        if text.count(opening, start, end) <= text.count(text[end], start, end):
            break
        rest = _GOES_ON.match(text, end + 1, start + URL_LIMIT)
        more = rest[0] if rest else ""
        if foreign := _END.search(more):
            return end + 1 + len(more[: foreign.start()].rstrip(_TRAILING))
        end += 1 + len(more.rstrip(_TRAILING))
    return end


def _is_surely_an_address(found: Any, text: str) -> bool:
    if _SCHEME.match(found.raw) and found.schema:
        return True
    host = _HOST.match(found.raw)
    if host is None:
        return False
    top = host[1].rpartition(".")[2]
    if found.schema == "mailto:":
        is_remote = _PATH_OF_A_REMOTE.match(text, found.last_index)  # git@example.com:path
        return top.isalpha() and top not in _FILES and not is_remote
    if found.raw.lower().startswith("www."):
        return True
    if top in _SURE:
        return True
    return top not in _FILES and top.islower() and found.raw[host.end() :].startswith("/")


def _is_of_a_file(found: Any) -> bool:
    host = None if found.schema else _HOST.match(found.raw)
    return host is not None and host[1].rpartition(".")[2] in _FILES
