"""What people write, made into HTML that a page can show as it is.

Markdown with raw HTML off; only links to http, https and mailto; nothing is loaded from
elsewhere (an image becomes a link to it). nh3 has the last word: whatever the parser or a
highlighter might one day let through is dropped there. Time, depth and the length of the HTML
are bounded, since anyone can send the worst message they can think of.
"""

import re
import string
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import nh3
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, link, linkify
from markdown_it.token import Token

from chat.highlight import (
    COLOURED_LIMIT,
    LANGUAGE_CLASSES,
    SECONDS,
    TOKEN_CLASSES,
    Colours,
    highlight,
    language_of,
)

NESTING_LIMIT = 20
MARKS_LIMIT = 1_500
"""Characters with a meaning in markdown; after so many the rest is shown as it was typed."""
LINES_LIMIT = 2_000
"""A text of more lines is shown as it was typed."""
TABLE_LIMIT = 2_000
"""Cells that all tables of a text may have together; a table beyond that is shown as typed."""
BLOCKS_LIMIT = 6_000
"""Tokens for the paragraphs, items and cells of a text; one with more is shown as it was typed."""
LINKS_LIMIT = 200
MENTIONS_LIMIT = 100
URL_LIMIT = 2_048
EXCERPT_LIMIT = 140
"""Characters of a message that a quote of it shows."""
HTML_LIMIT = 64 * 1024
"""Characters of HTML that a text may become, and as many for the code attached to it.

20,000 characters of ordinary markdown become 20,000 to 30,000, 8,000 characters of highlighted
code 30,000 to 50,000. Made for it, 20,000 characters became 558,000, and a page of history with
200 of these 125 MB. HTML that is longer loses its colours first, and then all its markup.
"""


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML for the page, and the usernames it mentions: lower case, each once, in order.

    Whether such people exist is not known here. ``excerpt`` is the beginning as text on one line,
    for those who quote it; None for plain text, of which ``plain`` makes it in no time.
    """

    html: str
    mentions: list[str] = field(default_factory=list)
    excerpt: str | None = field(default=None, compare=False)


def is_plain(body: str) -> bool:
    """Whether rendering takes no time worth a thread."""
    return _PLAIN.fullmatch(body) is not None


def render(body: str) -> Rendered:
    """Makes safe HTML of what a person wrote."""
    if is_plain(body):
        return Rendered(f"<p>{body.replace(chr(10), '<br>' + chr(10))}</p>\n")
    return render_markdown(body)


def render_markdown(body: str) -> Rendered:
    """What ``render`` does with a text that is not plain. For plain text the result is the
    same to the byte, only later."""
    body = _encodable(body)
    if body.count("\n") > LINES_LIMIT:
        return Rendered(as_typed(body), excerpt=plain(body, EXCERPT_LIMIT))
    colours, markdown = Colours(), _markdown()
    env: dict[str, Any] = {"colours": colours}
    tokens = markdown.parse(body, env)
    html = _clean(markdown.renderer.render(tokens, markdown.options, env))
    if len(html) > HTML_LIMIT and colours.html < COLOURED_LIMIT:
        html = _clean(markdown.render(body, {"colours": None}))
    if len(html) > HTML_LIMIT:
        html = as_typed(body)
    return Rendered(html, list(env.get("mentions", ())), _excerpt(tokens, EXCERPT_LIMIT))


def as_typed(body: str) -> str:
    """HTML that shows a text without any markup, within ``HTML_LIMIT``."""
    return _within_limit(
        _encodable(body),
        lambda text: f"<p>{escapeHtml(text).replace(chr(10), '<br>' + chr(10))}</p>\n",
    )


def code_block(code: str, language: str) -> str:
    """Lines of code as a block of their own, highlighted where the language is known, within
    ``HTML_LIMIT``."""
    name, colours = language_of(language), Colours()
    code = _encodable(code)
    return _within_limit(code, lambda text: _code(text.rstrip("\n") + "\n", name, colours))


def cost(body: str, code: str = "") -> float:
    """About how many milliseconds ``render`` and ``code_block`` may need for a text and for the
    code attached to it, found without parsing either.

    From 0.02 for a plain sentence to some 100 for a text of 20,000 characters made for it. Few
    texts need much more than that, many need less.
    """
    milliseconds = 0.02 + len(body) * 0.0005 + _cost_of_colours(len(code))
    if is_plain(body):
        return milliseconds
    lines = body.count("\n")
    if lines > LINES_LIMIT:
        return milliseconds
    marks = lines + sum(map(body.count, "[]!*_`<&@\\"))
    addresses = sum(map(body.count, ".:@")) - body.count(". ")
    pieces = lines + body.count("|") + body.count(">")
    milliseconds += 0.1 + min(marks, MARKS_LIMIT) * 0.008 + min(pieces, BLOCKS_LIMIT) * 0.01
    milliseconds += min(addresses, LINKS_LIMIT * 3) * 0.03
    milliseconds += sum(map(body.count, "-+=$%^{}")) * 0.001  # where the parser stops to look
    if "```" in body or "~~~" in body:
        milliseconds += _cost_of_colours(len(body))
    return milliseconds


def is_cheap(body: str) -> bool:
    """Whether ``cost`` is under 3 milliseconds, as of nearly all messages: found much sooner."""
    if len(body) > CHEAP_SIZE:
        return False
    return len(body.encode(errors="replace").translate(None, _ORDINARY)) < CHEAP_MARKS


def _cost_of_colours(length: int) -> float:
    return min(length * 0.004, SECONDS * 1_000)


def plain(body: str, limit: int) -> str:
    """The text without markup, on one line, at most ``limit`` characters: for a quote or a
    notification. It is text, not HTML."""
    words = body[: needed_for(limit)]
    if _PLAIN.fullmatch(words):
        return _one_line(words, limit)
    return _excerpt(_markdown().parse(_encodable(words), {}), limit)


def needed_for(limit: int) -> int:
    """Characters of a body that ``plain`` looks at: what comes much later cannot show."""
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
_SAFE = r"[^\s\x00-\x1f\x7f-\x9f\xa0.:&<>@\[\]\\`*_~|\ud800-\udfff\ufffe\uffff]"
_LINE = (
    r"(?!\d{1,9}[.)])(?=[^\W_]|[^\x00-\x7f])"
    rf"{_SAFE}++(?:(?: ++(?!\n|\Z)|\.(?![^\s.])|:(?=[\s)(]|\Z)){_SAFE}*+)*+"
)
_PLAIN = re.compile(rf"{_LINE}(?:\n{_LINE})*+")

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that HTML cannot have and that take six characters each in JSON."""
_ORDINARY = bytes(range(128, 256)) + b" ,;'()?\"" + string.ascii_letters.encode() + b"0123456789"
"""Characters by which nothing becomes dearer to render, in UTF-8."""
CHEAP_SIZE = 350
CHEAP_MARKS = 30
"""So many characters at most, and so many others among them: see ``is_cheap``."""
LONGEST_ESCAPE = len("&nbsp;")
"""Characters of HTML that one character may become."""
_MARKS = re.compile(r"[\[\]!*_`<&@\\\n]|~~|:/")
_MENTION = re.compile(r"@(\w(?:[\w.+-]{0,148}\w)?)")
_JOINS_A_WORD = re.compile(r"[\w@./+-]")
_LINK_CANDIDATE = re.compile(r"[.:@]\S")
_WEB = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)


def _encodable(body: str) -> str:
    """Lone surrogates, which JSON can carry but UTF-8 cannot, become question marks."""
    return body.encode(errors="replace").decode()


class _Links(LinkifyIt):
    """Finds http(s) addresses, domains and e-mail addresses; never in a very long word,
    where the search would take quadratic time."""

    _long_word = re.compile(rf"\S{{{URL_LIMIT + 1}}}")

    def __init__(self) -> None:
        super().__init__()
        self.add("ftp:", None).add("//", None)

    def match_at_start(self, text: str) -> Any:
        return super().match_at_start(text[:URL_LIMIT])

    def match(self, text: str) -> Any:
        if self._long_word.search(text) or not self.test(text):
            return None
        return super().match(text)


_LINKS = _Links()


def _clean(html: str) -> str:
    return _CLEANER.clean(_CONTROLS.sub("", html))


def _within_limit(text: str, html_of: Callable[[str], str]) -> str:
    """What is made of a text, or else of as much of it as always fits."""
    html = _clean(html_of(text))
    if len(html) <= HTML_LIMIT:
        return html
    return _clean(html_of(text[: HTML_LIMIT // LONGEST_ESCAPE - 100] + "…"))


# -- Rules of our own ------------------------------------------------------------------------


def _bounded_inline(state: StateCore) -> None:
    """Parses the text of each block, until the message has spent its marks."""
    if len(state.tokens) > BLOCKS_LIMIT:
        state.tokens = [
            Token("paragraph_open", "p", 1),
            Token("inline", "", 0, content=state.src, children=_as_typed(state.src)),
            Token("paragraph_close", "p", -1),
        ]
        return
    marks = 0
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = []
        marks += len(_MARKS.findall(token.content))
        if marks <= MARKS_LIMIT:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children = _as_typed(token.content)


def _one_heading(state: StateCore) -> None:
    """Messages stand below the page's own headings, so theirs are all of one lower level."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3"


def _as_typed(content: str) -> list[Token]:
    tokens: list[Token] = []
    for line in content.split("\n"):
        tokens += [_text(line), Token("softbreak", "br", 0)]
    return tokens[:-1]


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not table(state, start, end, True):
        return False
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    rows = (TABLE_LIMIT - state.env.get("cells", 0)) // columns
    if end - start > rows and not any(map(state.isEmpty, range(start, start + rows))):
        return False
    if silent:
        return True
    found = table(state, start, end, False)
    state.env["cells"] = state.env.get("cells", 0) + columns * (state.line - start)
    return found


def _bounded_linkify(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != ":" or state.env.get("links", 0) >= LINKS_LIMIT:
        return False
    if state.src.startswith("://", state.pos):
        state.env["links"] = state.env.get("links", 0) + 1
    return linkify(state, silent)


def _mention(state: StateInline, silent: bool) -> bool:
    """``@name``, at the start of a word and outside links."""
    start = state.pos
    if state.src[start] != "@" or state.linkLevel:
        return False
    before = state.src[start - 1] if start else ""
    # An underscore may be the emphasis around a mention, as in _@name_.
    if before != "_" and _JOINS_A_WORD.match(before):
        return False
    found = _MENTION.match(state.src, start, state.posMax)
    if found is None:
        return False
    name = found[1].rstrip("_") if before == "_" else found[1]
    mentions: dict[str, None] = state.env.setdefault("mentions", {})
    username = name.lower()
    if not name or (username not in mentions and len(mentions) >= MENTIONS_LIMIT):
        return False
    state.pos += 1 + len(name)
    if not silent:
        mentions[username] = None
        opening = state.push("mention_open", "span", 1)
        opening.attrs = {"class": "mention", "data-username": username}
        state.push("text", "", 0).content = f"@{name}"
        state.push("mention_close", "span", -1)
    return True


def _image_as_link(state: StateInline, silent: bool) -> bool:
    """``![text](address)`` becomes a link: showing it would make every reader's browser call
    on a server that the sender chose."""
    start = state.pos
    if not state.src.startswith("![", start):
        return False
    state.pos = start + 1
    if not link(state, silent or state.linkLevel > 0):
        state.pos = start
        return False
    if state.linkLevel and not silent:
        label_end = state.md.helpers.parseLinkLabel(state, start + 1)
        state.pending += state.src[start + 2 : label_end]
    return True


def _links_in_text(state: StateCore) -> None:
    """Links for addresses that are written out, and a text for links that have none."""
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        candidates = len(_LINK_CANDIDATE.findall(token.content))
        if 0 < candidates <= LINKS_LIMIT * 3:
            token.children = _linked(token.children, state)
        token.children = _named_links(token.children)


def _linked(children: list[Token], state: StateCore) -> list[Token]:
    result: list[Token] = []
    depth = 0
    for child in children:
        depth += (child.type == "link_open") - (child.type == "link_close")
        spent = state.env.get("links", 0)
        is_text = child.type == "text" and not depth and spent < LINKS_LIMIT
        if not is_text or not _LINK_CANDIDATE.search(child.content):
            result.append(child)
            continue
        # "http\://example.org" was escaped so as not to become a link.
        escaped = bool(result) and result[-1].type == "text_special"
        end = 0
        # Those that turn out to be none are counted too: it is the looking that takes time.
        for found in (_LINKS.match(child.content) or ())[: LINKS_LIMIT - spent]:
            state.env["links"] = state.env.get("links", 0) + 1
            href = state.md.normalizeLink(found.url)
            if (found.index == 0 and escaped) or not _is_web(href):
                continue
            result += [_text(child.content[end : found.index]), *_link(href, found.text)]
            end = found.last_index
        result.append(_text(child.content[end:]) if end else child)
    return result


def _named_links(children: list[Token]) -> list[Token]:
    result: list[Token] = []
    opening: Token | None = None
    blank = False
    for child in children:
        if child.type == "link_open":
            opening, blank = child, True
        elif child.type == "link_close" and opening is not None:
            if blank:
                result.append(_text(str(opening.attrGet("href"))))
            opening = None
        elif child.content.strip():
            blank = False
        result.append(child)
    return result


def _link(href: str, text: str) -> list[Token]:
    opening = Token("link_open", "a", 1, attrs={"href": href})
    return [opening, _text(text), Token("link_close", "a", -1)]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _is_web(address: str) -> bool:
    return _WEB.match(address) is not None


def _code(code: str, language: str | None, colours: Colours | None) -> str:
    """A block of code. It can be scrolled, so it can be reached by keyboard too."""
    spans = highlight(code, language, colours) if language and colours else None
    name = f' class="language-{language}"' if language else ""
    return f'<pre tabindex="0"><code{name}>{spans or escapeHtml(code)}</code></pre>\n'


def _fence(self: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return _code(tokens[index].content, language_of(tokens[index].info), env["colours"])


def _texts(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children:
            yield from _texts(token.children)
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        else:
            yield token.content
        if token.block:
            yield " "


def _new_markdown() -> MarkdownIt:
    options = {"linkify": True, "breaks": True, "maxNesting": NESTING_LIMIT}
    markdown = MarkdownIt("js-default", options)
    # A definition would vanish from the message, and a line of dashes under a line of text
    # would turn it into a heading: neither is meant in a chat.
    markdown.disable(["reference", "lheading"])
    markdown.linkify = _LINKS
    markdown.validateLink = _is_web  # type: ignore[method-assign,assignment]
    markdown.core.ruler.at("inline", _bounded_inline)
    markdown.core.ruler.after("block", "one_heading", _one_heading)
    markdown.core.ruler.at("linkify", _links_in_text)
    markdown.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.at("linkify", _bounded_linkify)
    markdown.inline.ruler.at("image", _image_as_link)
    markdown.inline.ruler.before("link", "mention", _mention)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("code_block", _fence)
    return markdown


_local = threading.local()


def _markdown() -> MarkdownIt:
    """A parser for this thread: its rule tables are filled on first use, without a lock."""
    if not hasattr(_local, "markdown"):
        _local.markdown = _new_markdown()
    return _local.markdown


_CLEANER = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "strong", "em", "s", "a", "span", "code", "pre", "blockquote"),
        *("ul", "ol", "li", "h3", "table", "thead", "tbody", "tr", "th", "td"),
    },
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}, "span": {"data-username"}},
    tag_attribute_values={"pre": {"tabindex": {"0"}}},
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    allowed_classes={"span": {"mention", *TOKEN_CLASSES}, "code": LANGUAGE_CLASSES},
)
