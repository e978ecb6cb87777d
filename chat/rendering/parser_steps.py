"""Limits the markdown parser's work for one text by counting its steps.

For a few shapes of text the parser's work grows with the square of their length: quotes that
continue without their mark, or brackets that nothing closes. No inspection reveals that beforehand,
so the parser gets as many steps as the text's price allows, and stops there. Unlike time, the count
is the same on every machine.
"""

import re
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt, helpers
from markdown_it.common import normalize_url
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, text
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

STOP = 4
"""Steps for each sign at which all rules for what stands in a line are tried."""
SKIP = 3
"""Steps for each piece of a line that is passed in search of a closing bracket."""
LOOKS = 8
"""Characters that one step looks at where nothing else is done with them."""
_UNSPACED = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f"
    "\uff00-\uffef\U00020000-\U0003ffff]"
)
"""Signs of scripts without spaces, their punctuation too."""
_FACE_SIGNS = frozenset("^-.;=<>")
_UNBROKEN = re.compile(r"[^\x00-\x20\x7f]*")


class TooMuchWorkError(Exception):
    """A text has used up its steps."""


class Steps:
    """The remaining steps of one text. A step takes about a microsecond: a rule tried on a line, a
    token created in a block, or a piece of a line skipped on the way to a closing bracket.
    """

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, count: int = 1) -> None:
        """Counts steps.

        Raises:
            TooMuchWorkError: there are not so many left.
        """
        self.left -= count
        if self.left < 0:
            raise TooMuchWorkError


def parse_blocks(state: StateCore) -> None:
    """The parser's rule for blocks, with steps counted.

    Raises:
        TooMuchWorkError: there are not enough.
    """
    blocks = _Blocks(state)
    state.md.block.tokenize(blocks, blocks.line, blocks.lineMax)


class Inline(ParserInline):
    """The parser for inline text, for all scripts."""

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _Line(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class CountedInline(Inline):
    """The parser for inline text, with steps counted. Each parser has its own."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = Steps(0)
        self.ruler.at("text", self._counted_text)
        self.helpers = SimpleNamespace(
            parseLinkLabel=helpers.parseLinkLabel,
            parseLinkDestination=self._counted_destination,
            parseLinkTitle=helpers.parseLinkTitle,
        )

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        self.steps = env["steps"]
        return super().parse(src, md, env, tokens)

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 -- the parser calls it so
        self.steps.take(SKIP)
        super().skipToken(state)

    def _counted_text(self, state: StateInline, silent: bool) -> bool:
        # The first rule: where it finds no ordinary text, all others are tried.
        if text(state, silent):
            return True
        self.steps.take(STOP)
        return False

    def _counted_destination(self, source: str, start: int, end: int) -> Any:
        # Looked at sign by sign, from each "](" on, up to a space that may not come for long.
        self.steps.take((_UNBROKEN.match(source, start, end).end() - start) // LOOKS)  # type: ignore[union-attr]
        return helpers.parseLinkDestination(source, start, end)

    def normalized(self, url: str) -> str:
        """Returns an address as it stands in a link. Non-ASCII characters are encoded
        one by one.
        """
        if not url.isascii():
            self.steps.take(len(url))
        return normalize_url.normalizeLink(url)


class _Line(StateInline):
    """The state that all rules for what stands in a line work on."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803
        """Where emphasis may begin and end. CommonMark tells that by the spaces around
        punctuation, which Chinese, Japanese and Korean do without: beside their signs, it is as
        if there were one. (https://github.com/tats-u/markdown-cjk-friendly has the rule.)
        ``^_^`` begins and ends none."""
        found = super().scanDelims(start, canSplitWord)
        end = start + found.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if not canSplitWord and before in _FACE_SIGNS and after in _FACE_SIGNS:
            return Scanned(False, False, found.length)
        if not canSplitWord or not (_UNSPACED.match(before) or _UNSPACED.match(after)):
            return found
        return Scanned(
            found.can_open or not after.isspace(),
            found.can_close or not before.isspace(),
            found.length,
        )


class _Blocks(StateBlock):
    """The state that all rules for blocks work on. Nearly every rule asks first whether it stands
    in indented code: so the askings are the rules that were tried."""

    def __init__(self, state: StateCore) -> None:
        super().__init__(state.src, state.md, state.env, state.tokens)
        self.steps: Steps = state.env["steps"]

    def is_code_block(self, line: int) -> bool:
        self.steps.take()
        return super().is_code_block(line)

    def push(self, ttype: str, tag: str, nesting: Any) -> Token:
        self.steps.take()
        return super().push(ttype, tag, nesting)
