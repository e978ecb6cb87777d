"""The markdown of messages: the rules that apply in a chat, and the bounds on the parser's work.

Raw HTML is off; links lead to http, https and mailto only; an image becomes a link to it. The
result goes through the cleaner of ``chat.rendering.text`` before anyone sees it.
"""

import re
import threading
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, link, linkify
from markdown_it.token import Token

from accounts.names.usernames import normalize
from chat.rendering import markdown_blocks, mentions
from chat.rendering.highlight import Colours, highlight, language_of
from chat.rendering.links import Links, as_read, host_of, is_of, is_web
from chat.rendering.parser_steps import CountedInline, Inline, TooMuchWorkError, parse_blocks

MARKS_LIMIT = 1_500
"""Characters with a meaning in markdown; after so many the rest is shown as it was typed."""
BLOCKS_LIMIT = 6_000
"""Tokens for the paragraphs, items and cells of a text; one with more is shown as it was typed."""
LINKS_LIMIT = 200
"""Links of one text; what would be another is shown as typed."""
MENTIONS_LIMIT = 100
"""People whom one text may call."""

_MARKS = re.compile(rf"[\[\]!*_`<&{mentions.SIGNS}\\\n]|~~|:/")
# The signs come first, so that the search passes all others at once.
_LINK_CANDIDATE = re.compile(r"[.:@](?:(?<=[.:])|(?<=\S@))\S")
# What linkify-it may take for one domain, and the signs from which on it looks for another.
_DOMAIN = re.compile(r"[^\s!-#%-*,/:;?@\[-\]_{}<>]+")
_DOMAIN_STARTS = re.compile(r"[$+=^`|\uff5c]")
_SCHEME = len("https") + 1
"""Characters that tell of which scheme an address is, and that it begins there."""
_LABEL_LIMIT = 63
"""Characters of one part of a domain."""
_LINKS = Links()
_local = threading.local()


def parser(*, counts: bool) -> MarkdownIt:
    """Returns a parser for this thread: its rule tables are filled on first use, without a lock. A
    parser that ``counts`` stops at the end of a text's step budget.
    """
    if not hasattr(_local, "parsers"):
        _local.parsers = {each: _new_parser(counts=each) for each in (True, False)}
    return _local.parsers[counts]


def _new_parser(*, counts: bool) -> MarkdownIt:
    options = {"linkify": True, "breaks": True, "maxNesting": markdown_blocks.NESTING_LIMIT}
    markdown = MarkdownIt("js-default", options)
    # A definition would vanish from the message, and a line of dashes under a line of text
    # would turn it into a heading: neither is meant in a chat.
    markdown.disable(["reference", "lheading"])
    markdown.linkify = _LINKS
    markdown.validateLink = is_web  # type: ignore[method-assign,assignment]
    # An address is shown as it was typed: decoded, it could look like another one.
    markdown.normalizeLinkText = str  # type: ignore[method-assign,assignment]
    markdown.inline = Inline()
    if counts:
        markdown.inline = inline = CountedInline()
        markdown.helpers = inline.helpers  # type: ignore[assignment]
        markdown.normalizeLink = inline.normalized  # type: ignore[method-assign]
        markdown.core.ruler.at("block", _bounded_blocks)
    markdown.inline.add_terminator_char(mentions.WIDE_SIGN)
    markdown.core.ruler.at("inline", _bounded_inline)
    markdown_blocks.add_rules(markdown)
    markdown.core.ruler.at("linkify", _links_in_text)
    markdown.inline.ruler.at("linkify", _bounded_linkify)
    markdown.inline.ruler.at("image", _image_as_link)
    markdown.inline.ruler.before("link", "mention", _mention)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("code_block", _fence)
    return markdown


# -- Rules of our own ------------------------------------------------------------------------


def _bounded_blocks(state: StateCore) -> None:
    """Divides the text into blocks; one that takes too many steps or becomes too many stays as
    typed.
    """
    try:
        parse_blocks(state)
    except TooMuchWorkError:
        _show_as_typed(state)
    if len(state.tokens) > BLOCKS_LIMIT:
        _show_as_typed(state)


def _bounded_inline(state: StateCore) -> None:
    """Parses the text of each block, until the message has used up its marks or its steps."""
    try:
        _parse_inline(state)
    except TooMuchWorkError:
        state.env.pop("mentions", None)
        _show_as_typed(state)


def _show_as_typed(state: StateCore) -> None:
    content = Token("inline", "", 0, content=state.src, children=_as_typed(state.src))
    state.tokens = [Token("paragraph_open", "p", 1), content, Token("paragraph_close", "p", -1)]


def _parse_inline(state: StateCore) -> None:
    marks = 0
    for token in state.tokens:
        if token.type != "inline" or token.children:
            continue
        token.children = []
        marks += len(_MARKS.findall(token.content))
        if marks <= MARKS_LIMIT:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children = _as_typed(token.content)


def _as_typed(content: str) -> list[Token]:
    tokens: list[Token] = []
    for line in content.split("\n"):
        tokens += [_text(line), Token("softbreak", "br", 0)]
    return tokens[:-1]


def _bounded_linkify(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != ":" or state.env.get("links", 0) >= LINKS_LIMIT:
        return False
    if state.src.startswith("://", state.pos):
        state.env["links"] = state.env.get("links", 0) + 1
    # The parser's rule looks for the scheme in all of the text before it.
    before, scheme = state.pending[:-_SCHEME], state.pending[-_SCHEME:]
    if not scheme.lower().endswith(("http", "https")):
        return False
    if silent:
        state.pending = scheme
        found = linkify(state, silent)
        state.pending = before + scheme
        return found
    if before:
        state.pending = before
        state.pushPending()
        state.pending = scheme
    return linkify(state, silent)


def _mention(state: StateInline, silent: bool) -> bool:
    """``@name``, where a mention begins and outside links."""
    sign = state.src[state.pos]
    if sign not in mentions.SIGNS or state.linkLevel:
        return False
    name = mentions.name_at(state.src, state.pos, state.posMax)
    if not name:
        return False
    found: dict[str, None] = state.env.setdefault("mentions", {})
    username = normalize(name)
    if username not in found and len(found) >= MENTIONS_LIMIT:
        return False
    state.pos += 1 + len(name)
    if not silent:
        found[username] = None
        opening = state.push("mention_open", "span", 1)
        opening.attrs = {"class": "mention", "data-username": username}
        state.push("text", "", 0).content = sign + name
        state.push("mention_close", "span", -1)
    return True


def _image_as_link(state: StateInline, silent: bool) -> bool:
    """Turns ``![text](address)`` into a link: an image would make every reader's browser request a
    server that the sender chose.
    """
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
    """Links addresses that are written out, and adds text to links without any."""
    try:
        _link_all(state)
    except TooMuchWorkError:
        state.env.pop("mentions", None)
        _show_as_typed(state)


def _link_all(state: StateCore) -> None:
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        candidates = len(_LINK_CANDIDATE.findall(token.content))
        if 0 < candidates <= LINKS_LIMIT * 3:
            token.children = _linked(token.children, state)
        token.children = _named_links(token.children, state)


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
        state.env["steps"].take(_steps_of_looking(child.content))
        # Those that turn out to be none are counted too: it is the looking that takes time.
        for found in (_LINKS.match(child.content) or ())[: LINKS_LIMIT - spent]:
            state.env["links"] = state.env.get("links", 0) + 1
            href = state.md.normalizeLink(found.url)
            if (found.index == 0 and escaped) or not is_web(href):
                continue
            result += [_text(child.content[end : found.index]), *_link(href, found.text)]
            end = found.last_index
        result.append(_text(child.content[end:]) if end else child)
    return result


def _steps_of_looking(content: str) -> int:
    """Returns the steps of the search for domains: from each of their starts it reads on to their
    end.
    """
    looks = 0
    for domain in _DOMAIN.findall(content):
        reach = len(domain) if "." in domain else min(len(domain), _LABEL_LIMIT)
        looks += len(_DOMAIN_STARTS.findall(domain)) * reach
    return looks // 2


def _named_links(children: list[Token], state: StateCore) -> list[Token]:
    """Adds text to links without any, and the destination to links whose text is
    another address.
    """
    result: list[Token] = []
    opening: Token | None = None
    words = ""
    for child in children:
        if child.type == "link_open":
            opening, words = child, ""
        elif child.type == "link_close" and opening is not None:
            href = str(opening.attrGet("href"))
            if not words.strip():
                result.append(_text(href))
            elif opening.info != "auto" and _says_another(words, href, state):
                result.append(_text(f" ({host_of(href)})"))
            opening = None
        else:
            words += child.content
        result.append(child)
    return result


def _says_another(words: str, href: str, state: StateCore) -> bool:
    """Returns whether a link's text is an address with another owner."""
    words = as_read(words)
    if not _LINK_CANDIDATE.search(words):
        return False
    spent = state.env["links"] = state.env.get("links", 0) + 1
    if spent > LINKS_LIMIT:
        return True
    state.env["steps"].take(_steps_of_looking(words))
    shown = (host_of(state.md.normalizeLink(url)) for url in _LINKS.seeming(words))
    return any(not is_of(host_of(href), host) for host in shown)


def _link(href: str, text: str) -> list[Token]:
    opening = Token("link_open", "a", 1, attrs={"href": href}, info="auto")
    return [opening, _text(text), Token("link_close", "a", -1)]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def code_html(code: str, language: str | None, colours: Colours | None) -> str:
    """A block of code. It can be scrolled, so it can be reached by keyboard too."""
    spans = highlight(code, language, colours) if language and colours else None
    name = f' class="language-{language}"' if language else ""
    return f'<pre tabindex="0"><code{name}>{spans or escapeHtml(code)}</code></pre>\n'


def _fence(self: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return code_html(tokens[index].content, language_of(tokens[index].info), env["colours"])
