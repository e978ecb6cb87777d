"""No text takes much more work than its price says, however it is built."""

import sys
import time
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import protocol
from chat.commands.registry import price_of
from chat.protocol import BODY_LIMIT
from chat.rendering import text
from chat.rendering.text import render, render_markdown
from tests.chat.test_text import hostile

CALLS = 45_000
"""Calls of functions for each millisecond of the estimate. What people write takes up to 20,000,
and what was made for it took two millions before the parser counted its steps."""

# fmt: off
FOUND = [  # by a search for what takes the most for its price: what begins, and grows from there
    ("", "](\n> ```\n`a`_", "[://~~---\n"), ("|", "[a]: http://b\n>     x = 1\n", ""),
    ("_a|b\n_", "###### +(###### [", ""), ("[|\\", "##", "a_b[](a_b"), ("[|\\", "'", "[](a_b"),
    ("[](\n", "{###### ~~a", "\\\n_![    🙂"), ("", "🙂~", "://\""), ("[", "+~", ""),
    ("", "###### {###### ![", "a|b\n-|-\n*a*"), (">", "~~a~~=", "//###### ![a](http://b)"),
    ("`", "*%*=-a|b\n-|-\n`a`", "1.1.1.1+"), ("", "🙂'+ '###### ", "é.рф!["),
]
BLOCKS = [
    "- ", "* ", "1. ", "> ", ">", "\n", "\n\n", "  ", "    ", "\t", "a", "word ", "*", "**", "_",
    "~~", "~", "`", "```\n", "~~~\n", "```py\n", "[", "]", "(", ")", "](", "[](", "[a](http://b)",
    "![", "![a](http://b)", "<", "<http://a>", "&", "&amp;", "\\", "\\\n", "  \n", "|",
    "a|b\n-|-\n", "a|b\n", "# ", "###### ", "---\n", "===\n", "@a ", "a@b.co ", "http://a.b/",
    "www.a.com ", "a.com", "é.рф", "://", ":smile:", "🙂", ".", "!", "-", "+", "=", "$", "%", "^",
    "{", "\"", "'", "[a]: http://b\n", "<b>", "\x0b", "\u2028", "\u0085", "\r", "\r\n", "1.1.1.1",
]
ORDINARY = [
    "A paragraph with **bold**, `code`, a [link](https://example.org/a?b=c) and @name.\n\n" * 40,
    "- a\n  - b\n    - c\n      - d\n" * 100, "1. a\n\n   text\n\n2. b\n" * 100,
    "| name | what it is for |\n|---|---|\n" + "| a_name | some words of it |\n" * 100,
    "[1, [2, 3], {\"a\": [4]}],\n" * 100, "2026-01-01 [info] something happened at (x) [y]\n" * 60,
    "https://example.org/find?q=a+b&page=2&sort=name&utm_source=x&utm_medium=y\n" * 30,
    "> a quote\nand an answer\n" * 60, "- [ ] to do\n- [x] done\n" * 100,
    "total = price * count + tax == 12.50\n" * 60,
]
LOOKED_THROUGH = [  # where the time goes into regular expressions
    "a=" * 9_990 + " a@b.co", ("a=" * 300 + " a@b.co ") * 30, ("a=" * 25 + " a@b.co ") * 300,
    "1.1.1.1+" * 200 + "\n" + "a.b " * 20, ("a" * 2_000 + " a@b.co ") * 10,
    ("[](http://" + "🙂" * 1_900 + ")") * 10,
    "A b" * 6_466 + "://" * 200, "A b" * 6_000 + "http://<" * 240, ("=a.b=" * 20 + "://") * 194,
    "|-\n" * 2_000,
]
# fmt: on


def grown(start: str, unit: str, end: str, size: int) -> str:
    """A text of this size from ever more units, as a socket would hand it on."""
    parts, length, count = [start], len(start), 1
    while length < size:
        parts.append(unit * count + end)
        length += len(parts[-1])
        count += 1
    return as_sent("".join(parts)[:size])


def as_sent(body: str) -> str:
    command = {"type": "message.edit", "message": "0" * 32, "body": body}
    return protocol.MessageEdit.model_validate(command).body


def calls_of(body: str) -> int:
    """The calls of functions that rendering takes: a measure of work that no machine changes."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        render_markdown(body)
    finally:
        sys.setprofile(before)
    return calls


def calls_for_the_price(body: str) -> float:
    return calls_of(body) / (text.cost(body) + 1)


@pytest.fixture(autouse=True, scope="module")
def _parser_is_ready() -> None:
    render_markdown("*a* a.com\n\n- b")  # what is made and compiled once


@pytest.mark.parametrize("size", [250, text.CHEAP_SIZE, 3_000, BODY_LIMIT])
@pytest.mark.parametrize("shape", FOUND)
def test_what_a_search_found_takes_no_more_than_its_price(
    shape: tuple[str, str, str], size: int
) -> None:
    assert calls_for_the_price(grown(*shape, size)) < CALLS


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(BLOCKS), max_size=2).map("".join),
    st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=5).map("".join),
    st.lists(st.sampled_from(BLOCKS), max_size=3).map("".join),
    st.sampled_from([250, text.CHEAP_SIZE, 1_000, 4_000]),
)
def test_no_shape_takes_much_more_than_its_price(
    start: str, unit: str, end: str, size: int
) -> None:
    assert calls_for_the_price(grown(start, unit, end, size)) < CALLS


@pytest.mark.parametrize("body", ORDINARY)
def test_what_people_write_has_steps_enough(body: str) -> None:
    for part in (body[:200], body[:1_000], body):
        assert "<strong>b</strong>" in render(f"{part}\n\n**b**").html
        assert calls_for_the_price(part) < CALLS / 2


@pytest.mark.alone
@pytest.mark.parametrize("body", LOOKED_THROUGH)
def test_a_search_for_links_is_bounded_too(body: str) -> None:
    body = body[:BODY_LIMIT]
    assert least_milliseconds(body) < 4 * text.cost(body) + 5


@pytest.mark.alone
def test_time_follows_the_price() -> None:
    """Against what people write, on the same machine."""
    usual = max(for_the_price(body) for body in ORDINARY)
    bodies = [grown(*shape, BODY_LIMIT) for shape in FOUND] + hostile() + LOOKED_THROUGH
    for body in bodies:
        assert for_the_price(body[:BODY_LIMIT]) < 3 * usual, body[:40]


def for_the_price(body: str) -> float:
    return least_milliseconds(body) / (text.cost(body) + 1)


def least_milliseconds(body: str) -> float:
    least = float("inf")
    for _ in range(3):
        start = time.process_time()
        render(body)
        least = min(least, time.process_time() - start)
    return least * 1_000


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("see http://a.b/c and", "http://a.b/c"),
        ("(https://a.b)", "https://a.b"),
        ("HTTP://a.b", "HTTP://a.b"),
        ("**x**https://a.b", "https://a.b"),
        ("xhttp://a.b", None),
        ("ftp://a.b", None),
        ("[see http://a.b/](http://c.d/)", "http://c.d/"),
    ],
)
def test_the_scheme_of_an_address_is_found_where_it_stands(body: str, address: str | None) -> None:
    html = render("long text before it, " * 20 + body).html or ""
    assert (f'href="{address}"' in html) if address else ("href" not in html)


def test_a_text_without_steps_left_is_shown_as_it_was_typed_and_calls_nobody() -> None:
    body = "@name " + grown("[|", "##", "a_b[](a_b", 12_000)
    rendered = render(body)
    assert rendered.html == text.as_typed(body).rstrip("\n")
    assert rendered.mentions == []
    assert rendered.excerpt is not None and rendered.excerpt.startswith("@name [|##a_b")


# -- Line ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_a_line_costs_the_same_however_it_ends(end: str) -> None:
    body = "- - \n" * 1_990
    sent = as_sent(body.replace("\n", end))
    assert sent == body
    edit = {"type": "message.edit", "message": "0" * 32}
    price = price_of(protocol.MessageEdit.model_validate({**edit, "body": body}))
    assert price_of(protocol.MessageEdit.model_validate({**edit, "body": sent})) == price


@pytest.mark.parametrize("other", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_nothing_else_ends_a_line(other: str) -> None:
    """The parser knows no other line end than the price does."""
    assert "<li>" not in render_markdown(f"a{other}- b{other}- c").html
    assert as_sent(f"a{other}b") == f"a{other}b"
