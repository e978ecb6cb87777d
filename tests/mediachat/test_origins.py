"""Whose page an Origin names: ours, an editor's, or anyone's."""

import pytest

from mediachat.http.origins import is_editors, is_own


@pytest.fixture(autouse=True)
def reached_as(settings):
    settings.ALLOWED_HOSTS = ["chat.example", "127.0.0.1", "[::1]", ".team.example"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.example:9443", "https://*.wild.example"]
    settings.TRUSTED_PROXY_COUNT = 0
    settings.HTTPS = False


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://chat.example", "chat.example"),
        ("https://chat.example", "chat.example"),
        ("https://chat.example", "chat.example:443"),
        ("https://chat.example:443", "chat.example"),
        ("http://chat.example:80", "chat.example"),
        ("http://chat.example", "chat.example:80"),
        ("http://Chat.Example", "chat.example"),
        ("http://chat.example", "CHAT.example"),
        ("HTTP://chat.example", "chat.example"),
        ("http://chat.example:8000", "chat.example:8000"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://a.team.example", "a.team.example"),
        ("https://front.example:9443", "chat.example"),
        ("https://any.wild.example", "chat.example"),
    ],
)
def test_a_page_of_ours_is_known_in_every_spelling(origin: str, host: str) -> None:
    assert is_own(origin, host=host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", "evil.example"),  # a host that is none of ours, called as such
        ("http://evil.example", "chat.example"),
        ("http://chat.example", "evil.example"),
        ("https://front.example:9443", "evil.example"),
        ("http://chat.example:9000", "chat.example:8000"),
        ("http://chat.example:9000", "chat.example"),
        ("http://chat.example", "chat.example:8000"),
        ("http://chat.example.evil.example", "chat.example"),
        ("http://chat.example@evil.example", "chat.example"),
        ("http://chat.example:port", "chat.example"),
        ("http://chat.example/path", "chat.example"),
        ("ftp://chat.example", "chat.example"),
        ("vscode-webview://chat.example", "chat.example"),
        ("null", "chat.example"),
        ("", "chat.example"),
        ("http://", ""),
        ("http://chat.example", ""),
        ("http://chat.example", "chat.example:" + "8" * 5_000),
        ("http://a.team.example", "b.team.example"),
        ("http://any.wild.example", "chat.example"),
    ],
)
def test_no_other_page_passes_for_ours(origin: str, host: str) -> None:
    assert not is_own(origin, host=host)


def test_over_tls_a_page_without_it_is_not_ours(settings) -> None:
    settings.HTTPS = True
    assert is_own("https://chat.example", host="chat.example")
    assert not is_own("http://chat.example", host="chat.example")


def test_a_trusted_proxy_says_how_it_was_called_and_may_leave_the_port_out(settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    assert is_own("https://chat.example:8443", host="chat.example", forwarded_proto="https")
    assert not is_own("http://chat.example:8443", host="chat.example", forwarded_proto="https")
    assert not is_own("https://chat.example:8443", host="chat.example:9443")


@pytest.mark.parametrize(
    "origin",
    [
        "vscode-webview://1a2b3c-d4e5",
        "vscode-file://vscode-app",
        "https://v--1a2b3c.vscode-cdn.net",
        "https://vscode.dev",
        "https://insiders.vscode.dev",
        "https://fluffy-space-waffle.github.dev",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://1a2b.localhost:8080",
        "https://code.example.org",
    ],
)
def test_editors_are_known(origin: str, settings) -> None:
    settings.EDITOR_ORIGINS = ["https://code.example.org"]
    assert is_editors(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://vscode.dev.evil.example",
        "https://evil.example/vscode.dev",
        "http://vscode.dev",
        "https://evil-vscode.dev",
        "https://a.b.vscode-cdn.net.evil.example",
        "http://localhost.evil.example",
        "null",
        "",
    ],
)
def test_nobody_else_passes_for_an_editor(origin: str) -> None:
    assert not is_editors(origin)
