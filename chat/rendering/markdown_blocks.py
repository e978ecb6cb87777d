"""Rules for blocks as people mean them in a chat: quotes, lists, tables, boxes and indentation.

They extend the parser of ``chat.rendering.markdown``.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from chat.rendering.highlight import language_of
from chat.rendering.parser_steps import LOOKS

NESTING_LIMIT = 20
"""Blocks, or emphases, one within the other."""
TABLE_LIMIT = 2_000
"""Cells that all tables of a text may have together; a table beyond that is shown as typed."""

_FACE = re.compile(r">(?:[:;=]|(?:[^\w\s<>]|_){0,9}\w?(?:[^\w\s<>]|_){0,9}<(?!\w)|[._-]+>)")
"""A line of ``>_<``, ``>.>`` or ``>:(``."""
_INDENTATION = re.compile(r"^[^\S\n]+", re.MULTILINE)
_NO_BREAK_SPACE = "\xa0"
_TASK = re.compile(r"\[[ xX]\](?: +|$)")
_ALIGNED = re.compile(r"text-align:(left|center|right)")

_BEFORE_ANY_BLOCK = ["paragraph", "reference", "blockquote", "list"]
"""What a quote may end: that of the parser's own rule."""


def add_rules(markdown: MarkdownIt) -> None:
    """Adds the rules of this module to a parser."""
    markdown.core.ruler.after("block", "one_heading", _one_heading)
    markdown.core.ruler.after("block", "indented", _indented)
    markdown.core.ruler.after("block", "fences", _fences)
    markdown.core.ruler.after("inline", "tasks", _tasks)
    markdown.core.ruler.after("inline", "aligned", _aligned)
    markdown.block.ruler.at("blockquote", _quote, {"alt": _BEFORE_ANY_BLOCK})
    markdown.block.ruler.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    markdown.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})


def _one_heading(state: StateCore) -> None:
    """Messages stand below the page's own headings, so theirs are all of one lower level."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3"


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parses a quote; an emoticon that begins with its sign is none, and ends the quote above it. A
    quote that is nested too deeply is text.
    """
    if _is_deep(state) or _is_face(state, start):
        return False
    if not silent and state.src.startswith(">", state.bMarks[start] + state.tShift[start]):
        rest = range(start + 1, end)
        end = next((line for line in rest if state.isEmpty(line) or _is_face(state, line)), end)
    # Paragraphs look for their end as far as this, beyond the quote that they are in.
    before, state.lineMax = state.lineMax, end
    found = blockquote(state, start, end, silent)
    state.lineMax = before
    return found


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parses a list; one that is nested too deeply is text, because the parser would drop its
    content.
    """
    return not _is_deep(state) and list_block(state, start, end, silent)


def _is_deep(state: StateBlock) -> bool:
    """Whether the parser would read no more of what is two levels deeper."""
    return state.level + 2 >= NESTING_LIMIT


def _is_face(state: StateBlock, line: int) -> bool:
    if state.is_code_block(line):
        return False
    begin = state.bMarks[line] + state.tShift[line]
    return _FACE.match(state.src, begin, state.eMarks[line]) is not None


def _indented(state: StateCore) -> None:
    """Lines stay as far from the edge as they were typed, which HTML shows of no other spaces."""
    lines: list[str] | None = None
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type == "paragraph_open" and opening.level == 0 and opening.map:
            lines = lines or state.src.split("\n")
            typed = "\n".join(lines[slice(*opening.map)]).rstrip()
            inline.content = _INDENTATION.sub(_unbroken, typed)


def _unbroken(spaces: re.Match[str]) -> str:
    return spaces[0].expandtabs(4).replace(" ", _NO_BREAK_SPACE)


def _tasks(state: StateCore) -> None:
    """``- [x] text`` begins with a box that shows whether it is done."""
    for item, paragraph, inline in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open":
            continue
        first = inline.children[0] if inline.children else None
        if first is None or first.type != "text" or not (mark := _TASK.match(first.content)):
            continue
        is_done = mark[0][1] in "xX"
        box = Token("task", "input", 0, attrs={"type": "checkbox", "disabled": ""})
        box.attrs |= {"checked": "", "aria-label": "Done"} if is_done else {"aria-label": "To do"}
        first.content = first.content[mark.end() :]
        inline.children = [box, *(inline.children or ())]
        item.attrSet("class", "task")


def _aligned(state: StateCore) -> None:
    """Columns by a class, as the page allows no styles."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open"):
            style = _ALIGNED.match(str(token.attrs.pop("style", "")))
            if style:
                token.attrSet("class", f"is-{style[1]}")


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not table(state, start, end, True):
        return False
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    rows = (TABLE_LIMIT - state.env.get("cells", 0)) // columns
    state.env["steps"].take(min(rows, end - start) // LOOKS)
    if end - start > rows and not any(map(state.isEmpty, range(start, start + rows))):
        return False
    if silent:
        return True
    found = table(state, start, end, False)
    state.env["cells"] = state.env.get("cells", 0) + columns * (state.line - start)
    return found


def _fences(state: StateCore) -> None:
    """Code may begin right behind the marks and end right before them, as other chats have it:
    what is no language is code, and marks at the end of an open block close it."""
    for token in state.tokens:
        if token.type != "fence" or token.map is None:
            continue
        lines = token.content.count("\n") + (not token.content.endswith("\n"))
        is_closed = token.map[1] - token.map[0] > lines + 1
        code = token.content.rstrip()
        ends_here = not is_closed and code.endswith(token.markup)
        if ends_here:
            token.content = code.removesuffix(token.markup) + "\n"
        info = token.info.strip()
        if (ends_here or " " in info) and info and language_of(info) is None:
            token.content, token.info = f"{info}\n{token.content}", ""
