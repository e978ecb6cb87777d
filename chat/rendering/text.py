"""Renders messages as HTML that is safe to show in a page.

Markdown with raw HTML off; only links to http, https and mailto; nothing is loaded from elsewhere
(an image becomes a link to it). nh3 runs last and drops anything unsafe that the rendering
let through. Time, depth and the length of the HTML are bounded, since anyone can send the worst
message they can think of.
"""

import re
import string
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import nh3
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from chat.rendering import markdown, mentions
from chat.rendering.highlight import (
    COLOURED_LIMIT,
    LANGUAGE_CLASSES,
    SECONDS,
    TOKEN_CLASSES,
    Colours,
    language_of,
)
from chat.rendering.parser_steps import Steps

LINES_LIMIT = 2_000
"""A text of more lines is shown as it was typed."""
EXCERPT_LIMIT = 140
"""Characters of a message that a quote of it shows."""
HTML_LIMIT = 64 * 1024
"""Characters of HTML that a text may become, and as many for the code attached to it.

20,000 characters of ordinary markdown become 20,000 to 30,000, 8,000 characters of highlighted
code 30,000 to 50,000. Made for it, 20,000 characters became 558,000, and a page of history with
200 of these 125 MB. HTML that is longer loses its colours first, and then all its markup.
"""

STOPS_LIMIT = 5_000
"""Signs at which the parser stops to look and which mostly mean nothing: the price of a text
counts no more of them, and so it has no more steps for them either."""
STEPS = 1_500
"""Steps of the parser for each millisecond of ``cost``, and for one more: a text that needs more
is shown as it was typed. Lists within lists need 1,100, all else that people write up to 700."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML for the page, and the usernames it mentions: lower case, each once, in order.

    ``naming`` decides which of them are people of the room. ``excerpt`` is the beginning as text on
    one line, for quotes; None for plain text, from which ``plain`` makes it quickly.
    """

    html: str
    mentions: list[str] = field(default_factory=list)
    excerpt: str | None = field(default=None, compare=False)

    def naming(self, people: Collection[str]) -> "Rendered":
        """Returns the same with only these people mentioned, of those of ``mentions.readings``: any
        other name is text, and a mention ends where its name ends.
        """
        named = {name: mentions.reading(name, people) for name in self.mentions}

        def shortened(found: re.Match[str]) -> str:
            name, sign, written = found.groups()
            username = named.get(name)
            if username is None:
                return sign + written
            its = mentions.typed(written, username)
            span = f'<span class="mention" data-username="{username}">{sign}{its}</span>'
            return span + written[len(its) :]

        html = self.html
        if any(username != name for name, username in named.items()):
            html = _MENTION.sub(shortened, html)
        called = dict.fromkeys(filter(None, named.values()))
        return replace(self, html=html, mentions=list(called))


def is_plain(body: str) -> bool:
    """Returns whether rendering is too fast to need a thread."""
    return _PLAIN.fullmatch(body) is not None


def render(body: str) -> Rendered:
    """Returns a message as safe HTML."""
    if is_plain(body):
        return Rendered(f"<p>{body.replace(chr(10), '<br>' + chr(10))}</p>\n")
    return render_markdown(body)


def render_markdown(body: str) -> Rendered:
    """Renders a text that is not plain. For plain text the result is byte-identical,
    only slower.
    """
    body = _encodable(body)
    if body.count("\n") > LINES_LIMIT:
        return Rendered(as_typed(body), excerpt=plain(body, EXCERPT_LIMIT))
    colours = Colours()
    env: dict[str, Any] = {"colours": colours}
    tokens = _tokens(body, env)
    if body and not any(map(_shows, tokens)):
        return Rendered(as_typed(body), excerpt=_one_line(body, EXCERPT_LIMIT))
    html = _html(tokens, env)
    if len(html) > HTML_LIMIT and colours.html < COLOURED_LIMIT:
        html = _html(tokens, {"colours": None})
    if len(html) > HTML_LIMIT:
        html = as_typed(body)
    return Rendered(html, list(env.get("mentions", ())), _excerpt(tokens, EXCERPT_LIMIT))


def is_invisible(body: str) -> bool:
    """Returns whether a text has nothing visible."""
    return _INVISIBLE.fullmatch(body) is not None


def as_typed(body: str) -> str:
    """Returns HTML that shows a text without any markup, within ``HTML_LIMIT``."""
    return _within_limit(
        _encodable(body),
        lambda text: f"<p>{escapeHtml(text).replace(chr(10), '<br>' + chr(10))}</p>\n",
    )


def code_block(code: str, language: str) -> str:
    """Returns lines of code as a block, highlighted if the language is known, within
    ``HTML_LIMIT``.
    """
    name, colours = language_of(language), Colours()
    code = _encodable(code)
    return _within_limit(
        code, lambda text: markdown.code_html(text.rstrip("\n") + "\n", name, colours)
    )


def cost(body: str, code: str = "") -> float:
    """Estimates how many milliseconds ``render`` and ``code_block`` need for a text and the code
    attached to it, without parsing either.

    From 0.02 for a plain sentence to some 120 for a text of 20,000 characters made for it. Many
    texts need less; the parser stops (``STEPS``) before one needs much more. Lines end with
    ``\n`` alone, as the protocol sees to.
    """
    milliseconds = 0.02 + len(body) * 0.0005 + _cost_of_colours(len(code))
    if is_plain(body):
        return milliseconds
    lines = body.count("\n")
    if lines > LINES_LIMIT:
        return milliseconds + lines * 0.0007 + cost(body[: needed_for(EXCERPT_LIMIT)])
    marks = lines + sum(map(body.count, "[]!*_`<&@\uff20\\"))
    addresses = sum(map(body.count, ".:@")) - body.count(". ")
    pieces = lines + body.count("|") + body.count(">")
    milliseconds += 0.1 + min(marks, markdown.MARKS_LIMIT) * 0.008
    milliseconds += min(pieces, markdown.BLOCKS_LIMIT) * 0.01
    milliseconds += min(addresses, markdown.LINKS_LIMIT * 3) * 0.03
    milliseconds += min(sum(map(body.count, "-+=$%^{}#~>:")), STOPS_LIMIT) * 0.003
    if "```" in body or "~~~" in body:
        milliseconds += _cost_of_colours(len(body))
    return milliseconds


def is_cheap(body: str) -> bool:
    """Returns whether ``cost`` is under 3 milliseconds, as for nearly all messages; much faster."""
    if len(body) > CHEAP_SIZE or body.count(mentions.WIDE_SIGN) > 1:
        return False
    return len(body.encode(errors="replace").translate(None, _ORDINARY)) < CHEAP_MARKS


def _cost_of_colours(length: int) -> float:
    return min(length * 0.004, SECONDS * 1_000)


def plain(body: str, limit: int) -> str:
    """Returns the text without markup, on one line, at most ``limit`` characters: for a quote or a
    notification. It is text, not HTML.
    """
    words = body[: needed_for(limit)]
    if _PLAIN.fullmatch(words):
        return _one_line(words, limit)
    return _excerpt(_tokens(_encodable(words), {}), limit)


def needed_for(limit: int) -> int:
    """Returns the part of a body that ``plain`` reads: later characters cannot appear."""
    return limit * 4 + 400


def _excerpt(tokens: list[Token], limit: int) -> str:
    words: list[str] = []
    needed = needed_for(limit)
    for text in _texts(tokens):
        if text:
            words.append(text[:needed])
            needed -= len(text)
            if needed < 0:
                break
    return _one_line("".join(words), limit)


def _one_line(words: str, limit: int) -> str:
    line = " ".join(words.split())
    if len(line) <= limit:
        return line
    return line[: max(limit - 1, 0)].rstrip() + "…"


# One line or several, each beginning with a letter, a digit that starts no list, or something
# beyond ASCII, and without any character that markdown, a mention, a link or the escaping of
# HTML could care about. A property test holds it against render_markdown.
_SAFE = r"[^\s\x00-\x1f\x7f-\x9f\xa0.:&<>@\uff20\[\]\\`*_~|\ud800-\udfff\ufffe\uffff]"
_LINE = (
    r"(?!\d{1,9}[.)])(?=[^\W_]|[^\x00-\x7f])"
    rf"{_SAFE}++(?:(?: ++(?!\n|\Z)|\.(?![^\s.])|:(?=[\s)(]|\Z)){_SAFE}*+)*+"
)
_PLAIN = re.compile(rf"{_LINE}(?:\n{_LINE})*+")

_MENTION = re.compile(r'<span class="mention" data-username="([^"]*)">(.)([^<]*)</span>')
"""What the cleaner leaves of a mention."""
_INVISIBLE = re.compile(
    "[\\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*+"
)
"""What Unicode has as ignorable by default, spaces, and letters that are drawn as nothing."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that HTML cannot have and that take six characters each in JSON."""
_ORDINARY = bytes(range(128, 256)) + b" ,;'()?\"" + string.ascii_letters.encode() + b"0123456789"
"""Characters by which nothing becomes dearer to render, in UTF-8."""
CHEAP_SIZE = 350
CHEAP_MARKS = 30
"""So many characters at most, and so many others among them: see ``is_cheap``."""
LONGEST_ESCAPE = len("&nbsp;")
"""Characters of HTML that one character may become."""


def _encodable(body: str) -> str:
    """Replaces lone surrogates, which JSON can carry but UTF-8 cannot, by question marks."""
    return body.encode(errors="replace").decode()


def _tokens(body: str, env: dict[str, Any]) -> list[Token]:
    """What the parser makes of a text with as much work as its ``cost`` allows. One that is cheap
    at a glance cannot need more, so nothing is counted for it."""
    counts = not is_cheap(body)
    env["steps"] = Steps(int((cost(body) + 1) * STEPS) if counts else sys.maxsize)
    return markdown.parser(counts=counts).parse(body, env)


def _html(tokens: list[Token], env: dict[str, Any]) -> str:
    parser = markdown.parser(counts=False)
    return _clean(parser.renderer.render(tokens, parser.options, env))


def _clean(html: str) -> str:
    return _CLEANER.clean(_CONTROLS.sub("", html))


def _within_limit(text: str, html_of: Callable[[str], str]) -> str:
    """What is made of a text, or else of as much of it as always fits."""
    html = _clean(html_of(text))
    if len(html) <= HTML_LIMIT:
        return html
    return _clean(html_of(text[: HTML_LIMIT // LONGEST_ESCAPE - 100] + "…"))


def _shows(token: Token) -> bool:
    """Returns whether a token has anything visible: an empty heading, say, has not."""
    if token.type in ("hr", "task"):
        return True
    return any(map(_shows, token.children or ())) or (
        token.type != "inline" and not is_invisible(token.content)
    )


def _texts(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children:
            yield from _texts(token.children)
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type == "hr":
            yield "—"
        elif token.type == "task":
            yield "✅ " if "checked" in token.attrs else "⬜ "
        else:
            yield token.content
        if token.block:
            yield " "


ALIGNMENTS = {"is-left", "is-center", "is-right"}
"""Classes of a table's cells."""
_CLEANER = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "strong", "em", "s", "a", "span", "code", "pre", "blockquote"),
        *("ul", "ol", "li", "h3", "table", "thead", "tbody", "tr", "th", "td", "input"),
    },
    attributes={
        "*": set(),
        "a": {"href"},
        "ol": {"start"},
        "span": {"data-username"},
        "input": {"checked"},
    },
    tag_attribute_values={
        "pre": {"tabindex": {"0"}},
        "input": {"type": {"checkbox"}, "aria-label": {"Done", "To do"}},
    },
    set_tag_attribute_values={
        "a": {"target": "_blank"},
        "input": {"type": "checkbox", "disabled": ""},
    },
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    allowed_classes={
        "span": {"mention", *TOKEN_CLASSES},
        "code": LANGUAGE_CLASSES,
        "li": {"task"},
        "th": ALIGNMENTS,
        "td": ALIGNMENTS,
    },
)
