"""Markdown as people mean it: in every script, with all of it shown."""

import re

import pytest

from chat.rendering.text import plain, render


def words(html: str) -> str:
    return html.replace("<br>\n", "\n").removeprefix("<p>").removesuffix("</p>\n")


@pytest.mark.parametrize(
    "body",
    [
        "#",
        "##",
        "> ",
        ">",
        "-",
        "+",
        "*",
        "1.",
        "- \n- ",
        "> >",
        "```\n```",
        "~~~",
        "&nbsp;",
        "> #",
    ],
)
def test_what_would_show_nothing_is_shown_as_it_was_typed(body: str) -> None:
    shown = words(render(body).html).replace("&gt;", ">").replace("&amp;", "&")
    assert shown == body
    assert render(body).excerpt == " ".join(body.split())


@pytest.mark.parametrize("body", ["---", "- a", "# b", "> c", "- [ ]", "`d`"])
def test_what_shows_something_is_not(body: str) -> None:
    assert not render(body).html.startswith("<p>" + body)


FACES = [">_<", ">.<", ">///<", ">//////<", "><", ">:(", ">;)", ">o<", "> <", ">.>", ">_>"]


@pytest.mark.parametrize("face", FACES)
def test_a_face_is_no_quote(face: str) -> None:
    if face == "> <":
        assert "blockquote" in render(face).html
        return
    for body in (face, f"{face} oh no", f"look\n{face}", f"- {face}"):
        html = render(body).html
        assert "blockquote" not in html
        assert face.replace(">", "&gt;").replace("<", "&lt;") in html


@pytest.mark.parametrize("face", [">_<", ">:(", ">.>", "><"])
def test_a_face_below_a_quote_ends_it(face: str) -> None:
    shown = face.replace(">", "&gt;").replace("<", "&lt;")
    html = render(f"> said\n{face} oh\nno\n> said").html
    quote = "<blockquote>\n<p>said</p>\n</blockquote>\n"
    assert html == f"{quote}<p>{shown} oh<br>\nno</p>\n{quote}"
    assert render(f"> > said\n> {face}").html.endswith(f"<p>{shown}</p>\n</blockquote>\n")


@pytest.mark.parametrize("faces", ["^_^ and ^_^", "-_- or -_-", ">_> no >_>", "._. a ;_;"])
def test_a_face_is_no_emphasis(faces: str) -> None:
    assert "<em>" not in render(faces).html
    assert "<em>is</em>" in render(f"_is_ {faces}").html


@pytest.mark.parametrize(
    "quote", ["> said", ">said", ">> said", ">\n> said", "> >_<", ">said<br>", ">a or b<c"]
)
def test_a_quote_is_one(quote: str) -> None:
    assert render(quote).html.startswith("<blockquote>")


def test_the_indentation_of_the_first_line_survives() -> None:
    assert "<code>def f():\n    pass\n</code>" in render("    def f():\n        pass").html
    assert render("  two\none").html == "<p>&nbsp;&nbsp;two<br>\none</p>\n"
    assert render("\u3000\u3000段落").html == "<p>\u3000\u3000段落</p>\n"
    assert words(render("in\n\n def\n\t  **in**").html).endswith(
        "&nbsp;def\n&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;<strong>in</strong>"
    )
    assert render("  two").excerpt == "two"


@pytest.mark.parametrize(
    "body",
    [
        "\n".join("  " * level + f"- word{level}" for level in range(40)),
        "\n".join("   " * level + f"1. word{level}" for level in range(40)),
        "> " * 40 + "word39",
        "\n".join("> " * level + f"word{level}" for level in range(1, 40)),
        "\n".join(f"{'- > ' * level}word{level}" for level in range(1, 40)),
        "- " * 40 + "word39",
        "> " * 18 + "| word38 |\n" + "> " * 18 + "|-|\n" + "> " * 18 + "| word39 |",
        "> " * 25 + "```\n" + "> " * 25 + "word39\n" + "> " * 25 + "```",
    ],
)
def test_nothing_is_too_deep_to_be_shown(body: str) -> None:
    html = render(body).html
    for word in re.findall(r"word\d+", body):
        assert re.search(rf"{word}\b", html), word
    assert "<ul>" in html or "<ol>" in html or "<blockquote>" in html


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("```const a = 1;\nfoo()\n```", "const a = 1;\nfoo()\n"),
        ("```foo\nbar```", "foo\nbar\n"),
        ("> ```foo x\n> bar```", "foo x\nbar\n"),
        ("~~~ these words\n~~~", "these words\n"),
        ("```\nmarks ```\n```", "marks ```\n"),
        ("```mermaid\ngraph\n```", "graph\n"),
    ],
)
def test_code_beside_its_marks_is_shown(body: str, code: str) -> None:
    assert f">{code}</code></pre>" in render(body).html


def test_a_language_beside_the_marks_is_one() -> None:
    html = render("```python\nx = 1```").html
    assert 'class="language-python"' in html and "python" not in words(html).split(">", 2)[2]


@pytest.mark.parametrize("line", ["---", "a\n\n---", "****"])
def test_a_line_is_quoted_as_something(line: str) -> None:
    assert str(render(line).excerpt).endswith("—")


# -- Addresses -------------------------------------------------------------------------------


def links(body: str) -> list[tuple[str, str]]:
    return re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', render(body).html)


@pytest.mark.parametrize(
    "word",
    [
        *("README.md", "main.rs", "foo.py", "lib.so", "build.sh", "a.tf", "model.pt", "x.pl"),
        *(
            "docs/README.md",
            "src/main.rs",
            "foo.py/bar",
            "index.ts",
            "self.id",
            "obj.name",
            "logger.info",
            "join.us",
        ),
        *("ASP.NET", "System.IO", "Node.js", "e.g", "i.e.", "done.It", "socket.io", "a.b.c"),
        *("icon@2x.png", "lodash@4.17.21", "v1.2.3", "config.dev", "user.is"),
        *("np.int", "1.2.3.4", "10.0.0.1:80", "git@example.com:me/it.git"),
    ],
)
def test_what_is_not_surely_an_address_is_no_link(word: str) -> None:
    for body in (word, f"see {word}, please", f"({word})"):
        assert links(body) == []


@pytest.mark.parametrize(
    "word",
    [
        *("example.com", "www.example.dev", "example.co.uk", "github.io/page", "docs.python.org"),
        *("https://readme.md", "http://foo.py", "https://localhost:8000/a", "a@b.de"),
        *("www.lib.rs", "example.de/a/b", "bob@company.tech", "https://127.0.0.1/", "пример.рф"),
    ],
)
def test_what_surely_is_one_is_a_link(word: str) -> None:
    for body in (word, f"see {word}, please", f"({word})", f"{word}."):
        assert [text for _, text in links(body)] == [word]


@pytest.mark.parametrize(
    "address",
    [
        "https://en.wikipedia.org/wiki/A_(b)",
        "https://en.wikipedia.org/wiki/A_(b_(c))",
        "https://a.example.org/((((a)b)c)d)",
        "https://a.example.org/x[1[2]]y",
        "https://a.example.org/(a)_(b)_c?d=(e)",
        "https://ja.wikipedia.org/wiki/\u30c0\u30fb\u30f4\u30a3\u30f3\u30c1",
        "https://fr.wikipedia.org/wiki/L\u2019Aquila",
    ],
)
@pytest.mark.parametrize("around", ["{}", "({})", "see {}.", "({}, and more)", "**{}**", "[{}]"])
def test_addresses_keep_their_brackets(address: str, around: str) -> None:
    assert [text for _, text in links(around.format(address))] == [address]


@pytest.mark.parametrize(
    "sign",
    [*"。、！？）」』》〉；：，～＞—", *"»”’…", *"،؛؟", "।", "։", "።", "།", "​ ".strip("\u200b")],
)
def test_addresses_end_before_punctuation_of_any_script(sign: str) -> None:
    for address in ("https://example.com/a", "example.com/b", "https://example.com/c_(d)"):
        assert [text for _, text in links(f"{address}{sign} more")] == [address]
        assert [text for _, text in links(f"{address}{sign}")] == [address]


@pytest.mark.parametrize("sign", ["–", "・", "_", "~~", "*"])
def test_what_may_stand_within_an_address_does_not_end_it(sign: str) -> None:
    for address in ("https://example.com/a", f"https://example.com/a{sign}b", "example.com/b"):
        assert [text for _, text in links(f"{address}{sign} more")] == [address]
        assert [text for _, text in links(f"{sign}{address}{sign}")] == [address]


@pytest.mark.parametrize("address", ["https://xn--80ak6aa92e.com", "https://a.org/%20%E2%80%AE"])
def test_an_address_is_shown_as_it_was_typed(address: str) -> None:
    assert links(address) == links(f"<{address}>") == [(address, address)]


def test_an_address_ends_where_a_sentence_goes_on_without_a_space() -> None:
    assert links("见https://example.com/a。后面的字") == [
        ("https://example.com/a", "https://example.com/a")
    ]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("[https://bank.com](https://evil.example)", "https://bank.com (evil.example)"),
        ("[go to bank.com](https://evil.example)", "go to bank.com (evil.example)"),
        ("[ban\u200bk.com](https://evil.example)", "ban\u200bk.com (evil.example)"),
        ("[bank\uff0ecom](https://evil.example)", "bank\uff0ecom (evil.example)"),
        ("[bank.com/login](https://evil.example/x)", "bank.com/login (evil.example)"),
        ("[see www.bank.com now](http://a.org)", "see www.bank.com now (a.org)"),
        ("[me@bank.com](mailto:eve@evil.org)", "me@bank.com (eve@evil.org)"),
        ("[https://bank.com](https://bank.com@evil.org)", "https://bank.com (evil.org)"),
        ("[bank.dev](https://evil.org)", "bank.dev (evil.org)"),
        ("[10.0.0.1](https://evil.org)", "10.0.0.1 (evil.org)"),
        ("[ftp://bank.com](https://evil.org)", "ftp://bank.com (evil.org)"),
        ("[bank\u3002com](https://evil.org)", "bank\u3002com (evil.org)"),
        ("[main.rs](https://example.com/main.rs)", "main.rs"),
        ("[Version 1.2.3](https://example.com)", "Version 1.2.3"),
        ("[https://bank.com](https://bank.com/a)", "https://bank.com"),
        ("[bank.com](https://www.bank.com)", "bank.com"),
        ("[bank.com](https://login.bank.com)", "bank.com"),
        ("[README.md](https://example.com)", "README.md"),
        ("[words](https://example.com)", "words"),
        ("<https://bank.com>", "https://bank.com"),
    ],
)
def test_a_link_whose_text_is_another_address_says_so(body: str, shown: str) -> None:
    assert [text for _, text in links(body)] == [shown]


# -- Emphasis, tables, tasks -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("**强调。**后", "<strong>强调。</strong>后"),
        ("前**「强调」**后", "前<strong>「强调」</strong>后"),
        ("これは**「強調」**です", "これは<strong>「強調」</strong>です"),
        ("한국어**(강조)**는", "한국어<strong>(강조)</strong>는"),
        ("*（注意）*请看", "<em>（注意）</em>请看"),
        ("~~删。~~后", "<s>删。</s>后"),
        ("**注意：**test", "<strong>注意：</strong>test"),
        ("test**：注意**", "test<strong>：注意</strong>"),
        ("foo**（bar）**baz", "foo<strong>（bar）</strong>baz"),
        ("see _「here」_ now", "see <em>「here」</em> now"),
        ("a** b **c", "a** b **c"),
        ("snake_case_name", "snake_case_name"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("好 ** 的 ** 吗", "好 ** 的 ** 吗"),
    ],
)
def test_emphasis_works_beside_punctuation_of_scripts_without_spaces(body: str, html: str) -> None:
    assert words(render(body).html) == html


def test_columns_keep_their_alignment() -> None:
    html = render("|a|b|c|d|\n|:-|:-:|-:|-|\n|1|2|3|4|").html
    for name, cell in (("is-left", 1), ("is-center", 2), ("is-right", 3)):
        assert f'<td class="{name}">{cell}</td>' in html
    assert "<td>4</td>" in html and "style" not in html


def test_tasks_are_boxes() -> None:
    html = render("- [x] done\n- [ ] **open**\n- [X] also\n- [y] none\n\n[x] none").html
    assert html.count('<li class="task"><input type="checkbox" checked=""') == 2
    assert html.count('aria-label="To do" disabled=""><strong>open</strong>') == 1
    assert "[y] none" in html and "<p>[x] none</p>" in html
    assert plain("- [x] done\n- [ ] open", 100) == "✅ done ⬜ open"
