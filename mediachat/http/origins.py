"""Decides which pages may call this server from a browser: our own, and editors'.

A browser names the requesting page in ``Origin``. A page of our own uses cookies; an editor's page
uses a session token or a ticket and no cookies (mediachat.http.cors). Programs without a browser
send no Origin, and need only their token.
"""

import re
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

DEFAULT_PORTS = {"http": 80, "https": 443}

EDITORS = re.compile(
    # VS Code on people's own computers: its webviews, and its extension host in a worker.
    r"vscode-webview://[a-z0-9-]+|vscode-file://vscode-app"
    # VS Code's own sites, and the separate origins of their webviews and workers.
    r"|https://(?:[a-z0-9-]+\.)?vscode-cdn\.net"
    r"|https://(?:insiders\.)?vscode\.dev|https://(?:[a-z0-9-]+\.)?github\.dev"
    # An editor served by a program on the person's own computer.
    r"|https?://(?:(?:[a-z0-9-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?"
)
"""Where editors run that need no entry in EDITOR_ORIGINS."""


def is_editors(origin: str) -> bool:
    """Returns whether an ``Origin`` header names a page of an editor."""
    return origin in settings.EDITOR_ORIGINS or EDITORS.fullmatch(origin) is not None


def is_own_page(request: HttpRequest) -> bool:
    """Returns whether a request with an ``Origin`` header comes from a page of this server."""
    get = request.headers.get
    return is_own(
        get("Origin", ""), host=get("Host", ""), forwarded_proto=get("X-Forwarded-Proto", "")
    )


def is_own(origin: str, *, host: str, forwarded_proto: str = "") -> bool:
    """Returns whether an ``Origin`` header names a page of this server, given the same request's
    ``Host`` and ``X-Forwarded-Proto``.

    Compares scheme, host and port in their canonical forms; both the page's host and the requested
    one must be in ALLOWED_HOSTS. Origins of CSRF_TRUSTED_ORIGINS are our own too.
    """
    page = _parsed(origin)
    if page is None:
        return False
    called, called_port = split_domain_port(host)
    if not _is_ours(called):
        return False
    if any(_is_named(page, trusted.lower()) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        return True
    name = f"[{page.hostname}]" if ":" in (page.hostname or "") else page.hostname or ""
    if name.rstrip(".") != called.rstrip(".") or not _is_ours(name):
        return False
    if page.scheme != _called_scheme(forwarded_proto, page.scheme):
        return False
    port = page.port or DEFAULT_PORTS[page.scheme]
    if called_port:
        return called_port.lstrip("0") == str(port)
    # Without a port it was the default one, unless a proxy omitted it, as nginx's $host does. Then
    # it is unknown, which is safe: browsers send a host's cookies to all its ports, so a page at
    # another port of this host learns nothing new.
    return port == DEFAULT_PORTS[page.scheme] or settings.TRUSTED_PROXY_COUNT > 0


def _parsed(origin: str) -> SplitResult | None:
    try:
        page = urlsplit(origin.lower())
        page.port  # noqa: B018  (raises where it is no number)
    except ValueError:
        return None
    is_origin = page.scheme in DEFAULT_PORTS and not (page.path or page.query or page.fragment)
    return page if is_origin and "@" not in page.netloc else None


def _is_named(page: SplitResult, trusted: str) -> bool:
    """Returns whether CSRF_TRUSTED_ORIGINS names this page, as Django reads it: a star is any
    subdomain.
    """
    scheme, _, netloc = trusted.partition("://")
    return page.scheme == scheme and is_same_domain(page.netloc, netloc.removeprefix("*"))


def _is_ours(host: str) -> bool:
    return bool(host) and validate_host(host, settings.ALLOWED_HOSTS)


def _called_scheme(forwarded: str, otherwise: str) -> str:
    """Returns the scheme of the browser's request, if known: a proxy that ends TLS may not report
    it.
    """
    if settings.HTTPS:
        return "https"
    if settings.TRUSTED_PROXY_COUNT and forwarded:
        return forwarded.lower()
    return otherwise
