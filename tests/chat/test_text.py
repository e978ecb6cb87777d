"""What people write is shown as they meant it, and nothing in it runs."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import highlight, text
from chat.protocol import BODY_LIMIT
from chat.text import plain, render, render_markdown
from tests.xss_corpus import BODIES

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


PROMPT = 0.1
"""Seconds of work that the worst message may take."""


def seconds_of_work(body: str) -> float:
    """How long it takes, in time that this thread was really at work; the least of up to five
    tries, since other programs slow this one down."""
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
    assert len(render(" ".join(f"@a{n}" for n in range(1000))).mentions) == text.MENTIONS_LIMIT


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


@pytest.mark.parametrize("unit", REPEATED)
def test_a_hostile_repetition_takes_no_time(unit: str) -> None:
    assert seconds_of_work((unit * BODY_LIMIT)[:BODY_LIMIT]) < PROMPT


@pytest.mark.parametrize("name", BUILT)
def test_a_hostile_message_takes_no_time(name: str) -> None:
    assert seconds_of_work(BUILT[name][:BODY_LIMIT]) < PROMPT


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(REPEATED), st.sampled_from(REPEATED), st.sampled_from(REPEATED))
def test_hostile_mixtures_take_no_time(one: str, two: str, three: str) -> None:
    unit = one + two + three
    assert seconds_of_work((unit * (BODY_LIMIT // len(unit) + 1))[:BODY_LIMIT]) < PROMPT


def test_elements_are_never_nested_deeply() -> None:
    html = render(">" * 500 + "- " * 500 + "*" * 500 + "a").html
    depth = deepest = 0
    for closing in re.findall(r"<(/?)\w", html):
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    assert deepest <= text.NESTING_LIMIT + 10


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


def assert_inert(html: str) -> None:
    found = Elements(html)
    assert not found.tags & ACTIVE_TAGS
    assert found.tags <= KNOWN_TAGS
    for name, value in found.attributes:
        assert name in KNOWN_ATTRIBUTES
        if name == "href":
            assert re.match(r"(https?://|mailto:)", value)
        if name == "class":
            allowed = {"mention"} | highlight.TOKEN_CLASSES | highlight.LANGUAGE_CLASSES
            assert set(value.split()) <= allowed
