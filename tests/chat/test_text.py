"""What people write is shown as they meant it, and nothing in it runs."""

import json
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.protocol import BODY_LIMIT
from chat.rendering import highlight, markdown, markdown_blocks, text
from chat.rendering.highlight import Colours
from chat.rendering.text import plain, render, render_markdown
from tests.support.xss_corpus import BODIES

ACTIVE_TAGS = {"script", "iframe", "object", "embed", "img", "svg", "math", "form", "input"}
ACTIVE_TAGS |= {"base", "link", "meta", "style", "template", "video", "audio", "noscript"}
KNOWN_TAGS = {"p", "br", "hr", "strong", "em", "s", "a", "span", "code", "pre", "blockquote"}
KNOWN_TAGS |= {"ul", "ol", "li", "h3", "table", "thead", "tbody", "tr", "th", "td"}
KNOWN_ATTRIBUTES = {"href", "target", "rel", "class", "tabindex", "start", "data-username"}


class Elements(HTMLParser):
    """Every tag and attribute of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.tags.add("<!--")

    def handle_decl(self, decl: str) -> None:
        self.tags.add("<!")


PROMPT = 0.08
"""Seconds of work that the worst message may take."""


def seconds_of_work(body: str) -> float:
    """How long it takes, in time that this thread was really at work; the least of up to five
    tries. Programs beside share the caches, so its tests are ``alone``."""
    least = float("inf")
    for _ in range(5):
        start = time.thread_time()
        render(body)
        least = min(least, time.thread_time() - start)
        if least < PROMPT:
            break
    return least


# -- Markdown --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("hello", "<p>hello</p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("**b** *i* ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>\n"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. c", '<ol start="3">\n<li>c</li>\n</ol>\n'),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("# one\n###### six", "<h3>one</h3>\n<h3>six</h3>\n"),
        ("title\n---", "<p>title</p>\n<hr>\n"),
        ("[a]: http://b.c", "<p>[a]: <a "),
        ("", ""),
    ],
)
def test_markdown_becomes_html(body: str, html: str) -> None:
    assert render(body).html.startswith(html)


def test_a_table_becomes_a_table() -> None:
    html = render("|a|b|\n|-|-|\n|1|2|").html
    assert "<th>a</th>" in html and "<td>2</td>" in html


def test_html_is_shown_and_not_obeyed() -> None:
    assert render("<b onclick=x>hi</b>").html == "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>\n"


# -- Links -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "href"),
    [
        ("see https://example.org/a_b_c.", "https://example.org/a_b_c"),
        ("see example.org today", "http://example.org"),
        ("[x](http://example.org)", "http://example.org"),
        ("<https://example.org>", "https://example.org"),
        ("me@example.org", "mailto:me@example.org"),
        ("https://example.org/__init__.py", "https://example.org/__init__.py"),
        ("![alt](https://example.org/i.png)", "https://example.org/i.png"),
    ],
)
def test_an_address_becomes_a_link_that_tells_its_target_nothing(body: str, href: str) -> None:
    assert (
        f'<a href="{href}" target="_blank" rel="noopener noreferrer nofollow">' in render(body).html
    )


@pytest.mark.parametrize(
    "body",
    [
        "[x](javascript:alert(1))",
        "[x](/admin/)",
        "[x](//example.org)",
        "[x](data:text/html,x)",
        "<ftp://example.org>",
        "`https://example.org`",
        "```\nhttps://example.org\n```",
        "http\\://example.org",
        "example.notatld",
    ],
)
def test_what_is_no_address_of_the_web_stays_text(body: str) -> None:
    assert "<a" not in render(body).html


def test_a_link_without_a_text_shows_its_address() -> None:
    assert ">https://example.org/</a>" in render("[](https://example.org/)").html
    assert "https://example.org/</a>" in render("![ ](https://example.org/)").html


def test_an_image_within_a_link_leaves_one_link() -> None:
    html = render("[![alt](https://a.example/i.png)](https://b.example)").html
    assert html.count("<a ") == 1
    assert ">alt</a>" in html and "a.example" not in html


# -- Mentions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@alice", ["alice"]),
        ("hi @Alice, @bob. And @alice!", ["alice", "bob"]),
        ("(@alice)", ["alice"]),
        ("**@alice**", ["alice"]),
        ("_@alice_", ["alice"]),
        ("@foo_bar_baz", ["foo_bar_baz"]),
        ("@a.b-c+d.", ["a.b-c+d"]),
        ("@zoë", ["zoë"]),
        ("@jose\u0301!", ["jos\u00e9"]),
        ("@राहुल, @ณัฐ and @น้ำ.", ["राहुल", "ณัฐ", "น\u0e49\u0e4dา"]),
        ("zoë@alice", []),
        ("alice@example.org", []),
        ("`@alice`", []),
        ("```\n@alice\n```", []),
        ("[@alice](https://example.org)", []),
        ("https://example.org/@alice", []),
        ("example.org/@alice", []),
        ("\\@alice", []),
        ("@", []),
        ("@@alice", []),
    ],
)
def test_a_mention_is_a_name_at_the_start_of_a_word(body: str, names: list[str]) -> None:
    rendered = render(body)
    assert rendered.mentions == names
    assert rendered.html.count("data-username=") >= len(names)


def test_a_mention_keeps_its_spelling_and_names_the_person_in_lower_case() -> None:
    assert render("@Alice").html == (
        '<p><span class="mention" data-username="alice">@Alice</span></p>\n'
    )


def test_mentions_are_bounded() -> None:
    assert len(render(" ".join(f"@a{n}" for n in range(1000))).mentions) == markdown.MENTIONS_LIMIT


# -- Code ------------------------------------------------------------------------------------


def test_code_is_coloured_by_classes() -> None:
    html = render("```python\ndef f(): return '<'\n```").html
    assert '<code class="language-python">' in html
    assert '<span class="k">def</span>' in html
    assert "&lt;" in html and "style=" not in html


@pytest.mark.parametrize("info", ["", "nosuchlanguage", '"><script>', "python\x00", "raku"])
def test_code_in_an_unknown_language_is_plain(info: str) -> None:
    html = render(f"```{info}\nx < 1\n```").html
    assert html == '<pre tabindex="0"><code>x &lt; 1\n</code></pre>\n'


def test_very_long_code_is_plain() -> None:
    assert "<span" not in render("```python\n" + "x = 1\n" * 2000 + "```").html


def test_every_language_has_a_lexer() -> None:
    for language in set(highlight.LANGUAGES.values()):
        assert "<p>" not in render(f"```{language}\nx\n```").html


# -- The short way for plain text --------------------------------------------------------------

ALPHABET = st.sampled_from(
    "ab0 .,:;!?'\"()/\\-+=#*_`~<>&@[]{}|^%$\n\t\r\u00a0é。ß\u200b\u2028🙂\x00"
)
WORDS = st.sampled_from(
    [
        "http:",
        "//",
        "www.",
        "a.com",
        "é.рф",
        "mailto:",
        "localhost",
        "1. ",
        "- ",
        "---",
        "===",
        "    ",
        "a",
        "b c",
        ". ",
        ": ",
        "\n",
        "\n\n",
        "&amp;",
        "!",
        "1.1.1.1",
        "…",
        "x:y",
    ]
)


@settings(max_examples=1500, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(ALPHABET, max_size=30),
        st.lists(WORDS, max_size=10).map("".join),
        st.lists(st.one_of(WORDS, st.text(ALPHABET, max_size=4)), max_size=8).map("".join),
    )
)
def test_the_short_way_gives_what_the_long_way_gives(body: str) -> None:
    assert render(body) == render_markdown(body)


@pytest.mark.parametrize(
    "body",
    [
        "Hello, how are you? I'm fine (really): thanks. See you...",
        "one\ntwo\nthree",
        "Привет, как дела? 你好!",
        "🙂 well done",
        "3 apples / 4 pears = 7",
    ],
)
def test_ordinary_sentences_take_the_short_way(body: str) -> None:
    assert text._PLAIN.fullmatch(body)
    assert render(body) == render_markdown(body)


# -- Bounds ----------------------------------------------------------------------------------

# fmt: off
REPEATED = [
    "[", "![", "](", "[](", "[a](b", "[a](<b", "`[", "*", "**a ", "*a**", "_*", "~~x", "`",
    "a`b``", "> ", ">", "- ", "* ", "1. ", "- a\n", "> a\n", "a\n", "\n", "a  \n", "|", "|\n",
    "|a|b|\n|-|-|\n", "a|b\n-|-\n", "# a\n", "---\n", "```\n", "```py\nx=1\n```\n", "\t",
    "http://a", "http://a.b/ ", "http://a.b/(", "http://a.b/[[", "http://a.b/'a", "https://",
    "www.", "a.b.c.", "a.com ", "a.com\n", "é.рф ", "a@b.co ", "a@", "@", "@a ", "@a\n",
    "mailto:", "mailto:a@", "<http://a>", "<", "&amp;", "&", "\\", "(", "a-", "//a.b ",
    "![a](http://b)", "[![a](http://b)](http://c)", "\u200b", "\u0000",
]
# fmt: on
BUILT = {
    "nested quotes": "\n".join(">" * n + " a" for n in range(1, 190)),
    "nested lists": "\n".join(" " * (2 * n) + "- a" for n in range(135)),
    "a wide table": "|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n" + ("|a" * 100 + "\n") * 40,
    "a table that fills up": "|a" * 1000 + "\n" + "|-" * 1000 + "\n" + "a\n" * 8000,
    "a table just allowed": "|a" * 20 + "\n" + "|-" * 20 + "\n" + "a|b\n" * 140,
    "opened and closed": "[" * 10_000 + "](http://a)" * 1000,
    "emphasis": "*a " * 3000 + "a* " * 3000,
    "growing fences": "".join("`" * n + " " for n in range(1, 198)),
    "a long word": "a" * BODY_LIMIT,
    "a long address": "http://a.com/" + "(a" * 9990,
    "a long host": "a." * 9990 + "com",
    "a long host with dashes": "a-" * 9990 + ".com",
    "a long e-mail address": "a." * 9900 + "@a.com",
    "code": "```python\n" + "def f(x): return [a for a in x if f'{a!r}']\n" * 170 + "```",
    "code with long strings": "```js\n" + "'\\" * 3900 + "\n```",
    "code in many blocks": "```py\nx = 1\n```\n\n" * 1250,
}


@pytest.mark.alone
@pytest.mark.parametrize("unit", REPEATED)
def test_a_hostile_repetition_takes_no_time(unit: str) -> None:
    assert seconds_of_work((unit * BODY_LIMIT)[:BODY_LIMIT]) < PROMPT


@pytest.mark.alone
@pytest.mark.parametrize("name", BUILT)
def test_a_hostile_message_takes_no_time(name: str) -> None:
    assert seconds_of_work(BUILT[name][:BODY_LIMIT]) < PROMPT


@pytest.mark.alone
@settings(max_examples=30, deadline=None)
@given(st.sampled_from(REPEATED), st.sampled_from(REPEATED), st.sampled_from(REPEATED))
def test_hostile_mixtures_take_no_time(one: str, two: str, three: str) -> None:
    unit = one + two + three
    assert seconds_of_work((unit * (BODY_LIMIT // len(unit) + 1))[:BODY_LIMIT]) < PROMPT


# fmt: off
DEAR = [  # found by trying mixtures
    "    code\n1. |@ab ", "1) a\n- a\n![a](http://b)![a](http://b)", "`_a_# a\n1. ",
    "a|b\n-|-\n|@ab [a]: http://b\n[](", "a|b\n-|-\nmailto:a@mailto:~~x", "&amp;> a\n* é.рф ",
]
HIGHLIGHTED = [
    ("kotlin", "#}>"), ("csharp", "^@"), ("csharp", ";|f'{"), ("lua", ")a"), ("json", "`}"),
    ("python", "@?f'{"), ("make", "1.5e3%{%{&    "), ("css", ",_"), ("powershell", "</&[)~"),
]
AMPLIFIED = [
    "[](http://🙂) ", "|[](http://é)", "&", "<", "\n", "\u00a0", "\x01", "@a\n", "a\n", "> a\n",
    "**a** ", "[a](http://b) ", "[![a](http://b)](http://c)", "🙂", "\"", "\\", "```py\na.b\n```\n",
]
# fmt: on
LONG_ADDRESSES = f"[](http://{'🙂' * 9980})" * 2


def hostile() -> list[str]:
    """The worst texts that are known, each of the greatest length."""
    bodies = [(unit * BODY_LIMIT)[:BODY_LIMIT] for unit in [*REPEATED, *DEAR, *AMPLIFIED]]
    bodies += [body[:BODY_LIMIT] for body in [*BUILT.values(), LONG_ADDRESSES]]
    for language, unit in HIGHLIGHTED:
        block = f"```{language}\n{(unit * 8_000)[:7_980]}\n```\n"
        bodies.append((block * 2 + "*a* " * 1_000)[:BODY_LIMIT])
    return bodies


@pytest.mark.alone
@pytest.mark.parametrize("unit", DEAR)
def test_a_dear_mixture_takes_no_time(unit: str) -> None:
    assert seconds_of_work((unit * BODY_LIMIT)[:BODY_LIMIT]) < PROMPT


@pytest.mark.alone
@pytest.mark.parametrize(("language", "unit"), HIGHLIGHTED)
def test_all_code_of_a_message_is_highlighted_in_no_time(language: str, unit: str) -> None:
    block = f"```{language}\n{(unit * 8_000)[:7_980]}\n```\n"
    assert seconds_of_work((block * 2 + "*a* " * 1_000)[:BODY_LIMIT]) < PROMPT


def test_no_message_becomes_much_html() -> None:
    for body in hostile():
        html = render(body).html
        # In JSON, quotes and line ends take two characters, and control characters six.
        assert len(html) <= text.HTML_LIMIT and len(json.dumps(html, ensure_ascii=False)) < 90_000


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([*REPEATED, *DEAR, *AMPLIFIED]), min_size=1, max_size=4))
def test_no_mixture_becomes_much_html(units: list[str]) -> None:
    unit = "".join(units)
    body = (unit * (BODY_LIMIT // len(unit) + 1))[:BODY_LIMIT]
    assert len(render(body).html) <= text.HTML_LIMIT


@pytest.mark.parametrize("unit", ["&", "\n<", "\u00a0", "x ", "f'{a.b[0]!r}'\n"])
@pytest.mark.parametrize("language", ["", "python", "json"])
def test_attached_code_becomes_no_more_html_either(unit: str, language: str) -> None:
    html = text.code_block((unit * BODY_LIMIT)[:BODY_LIMIT], language)
    assert len(html) <= text.HTML_LIMIT
    assert html.startswith("<pre") and html.endswith("</code></pre>\n")


def test_a_text_that_becomes_too_much_html_is_shown_as_it_was_typed() -> None:
    html = render(f"before {LONG_ADDRESSES}"[:BODY_LIMIT]).html
    assert "<a" not in html and "before [](http://🙂🙂" in html


def test_colours_go_before_the_rest_of_the_markup_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "Colours", lambda: Colours(seconds=5))  # on a busy machine too
    code = "```python\n" + "f(a[0], {'b': c}, *d)\n" * 150 + "```\n"
    assert '<span class="n">f</span>' in render(code).html
    html = render(f"{code}**bold**\n\n{'&' * 9_000}").html
    assert "<span" not in html and "<strong>bold</strong>" in html


@pytest.mark.parametrize(
    "body",
    [
        "A paragraph with **bold**, `code`, a [link](https://example.org/a?b=c) and @name.\n\n"
        * 200,
        "- an item of a long list, as people write it\n" * 440,
        "| name | what it is for | since |\n|---|---|---|\n"
        + "| a_name | some words of it | 2024 |\n" * 500,
        "1. first\n   - nested `x`\n\n> a quote with *emphasis*\n\n" * 330,
        "```python\n"
        + 'def name(self, value: int) -> str:\n    return f"{value:>10}"\n' * 120
        + "```",
        "```\n" + "2026-01-01T00:00:00 INFO <module> a line of a log & more\n" * 340 + "```",
        "Обычный текст без разметки, довольно длинный. " * 430,
    ],
)
def test_what_people_write_is_well_within_the_limit(body: str) -> None:
    assert len(body) <= BODY_LIMIT
    html = render(body).html
    assert len(html) < text.HTML_LIMIT * 0.9
    assert html != text.as_typed(body) or text.is_plain(body)


# -- What it costs ---------------------------------------------------------------------------


@pytest.mark.alone
def test_the_estimate_is_never_far_below_what_a_text_takes() -> None:
    for body in hostile():
        assert seconds_of_work(body) * 1_000 < 4 * text.cost(body) + 1, body[:40]


def test_the_estimate_of_what_people_write_is_low() -> None:
    assert text.cost("Hello, how are you?") < 0.1
    assert text.cost("see `x` in **that** file, @name: https://example.org/a") < 1
    assert text.cost("word " * 3_999) < 15
    assert text.cost("", "x = 1\n" * 3_000) <= 1 + highlight.SECONDS * 1_000


@given(st.text(alphabet="ab .:@`~|*_\n[<é", max_size=400))
@settings(max_examples=300)
def test_what_is_called_cheap_is_never_estimated_to_be_dear(body: str) -> None:
    if text.is_cheap(body):
        assert text.cost(body) < 3


@pytest.mark.parametrize("dearest", ["@", ".", "\n", "```\n", "|"])
def test_the_dearest_of_what_is_called_cheap_is_cheap(dearest: str) -> None:
    cheap = [
        body
        for count in range(text.CHEAP_SIZE)
        if text.is_cheap(body := (dearest * count).ljust(text.CHEAP_SIZE, "a"))
    ]
    assert len(cheap) > 5
    assert all(text.cost(body) < 3 for body in cheap)
    assert not text.is_cheap("@" * 100)


@pytest.mark.alone
def test_the_estimate_takes_no_time_itself() -> None:
    for body in hostile():
        start = time.thread_time()
        for _ in range(10):
            text.cost(body)
        assert (time.thread_time() - start) / 10 < 0.003


def test_elements_are_never_nested_deeply() -> None:
    html = render(">" * 500 + "- " * 500 + "*" * 500 + "a").html
    depth = deepest = 0
    for closing in re.findall(r"<(/?)\w", html):
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    assert deepest <= markdown_blocks.NESTING_LIMIT + 10


def test_text_with_too_many_marks_is_shown_as_it_was_typed() -> None:
    body = "*a* [b](http://c) " * 1000
    assert render(body).html.count("<em>") == 0
    assert "*a*" in render(body).html


def test_lone_surrogates_do_no_harm() -> None:
    assert render("a \ud800 *b*").html == "<p>a ? <em>b</em></p>\n"


# -- Excerpts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        ("hello", "hello"),
        ("**b**\n- one\n- `two`", "b one two"),
        ("[a](http://b.c) ![d](http://e.f)", "a d"),
        ("```py\nx = 1\n```", "x = 1"),
        ("<b> & @name", "<b> & @name"),
        ("  \n ", ""),
        ("x" * 50, "x" * 19 + "…"),
    ],
)
def test_an_excerpt_is_text_without_markup(body: str, excerpt: str) -> None:
    assert plain(body, 20) == excerpt


@pytest.mark.parametrize(
    "body",
    ["**b** x", "- a\n- b\n\n> c", "```py\nx = 1\n```", "`x` " * 500, "\n".join("*a*" * 3_000), ""],
)
def test_what_is_rendered_has_the_same_excerpt(body: str) -> None:
    found = render(body).excerpt
    assert found == plain(body, text.EXCERPT_LIMIT)


@given(st.text(max_size=300), st.integers(1, 50))
@settings(deadline=None)
def test_an_excerpt_is_one_line_within_its_limit(body: str, limit: int) -> None:
    excerpt = plain(body, limit)
    assert len(excerpt) <= limit and excerpt.splitlines() in ([excerpt], [])


# -- Nothing runs ----------------------------------------------------------------------------


@pytest.mark.parametrize("body", BODIES)
def test_nothing_of_the_corpus_is_active(body: str) -> None:
    for sample in (
        body,
        f"a {body} b",
        f"> {body}",
        f"- {body}",
        f"**{body}**",
        f"[{body}](http://a)",
    ):
        assert_inert(render(sample).html)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_nothing_that_anyone_types_is_active(body: str) -> None:
    assert_inert(render(body).html)


BOX = re.compile(
    r'<input type="checkbox" (?:checked="" aria-label="Done"|aria-label="To do") disabled="">'
)
"""What a list of tasks has, and nobody can use."""


def assert_inert(html: str) -> None:
    found = Elements(BOX.sub("", html))
    assert not found.tags & ACTIVE_TAGS
    assert found.tags <= KNOWN_TAGS
    for name, value in found.attributes:
        assert name in KNOWN_ATTRIBUTES
        if name == "href":
            assert re.match(r"(https?://|mailto:)", value)
        if name == "class":
            allowed = (
                {"mention", "task"}
                | text.ALIGNMENTS
                | highlight.TOKEN_CLASSES
                | highlight.LANGUAGE_CLASSES
            )
            assert set(value.split()) <= allowed
