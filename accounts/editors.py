"""Signing in to an editor by way of the browser, where one is signed in already.

The editor makes up a secret, the verifier, and tells us the secret's SHA-256, the challenge, and
where it listens, its callback. It gets a link that works once, and opens it in the person's
browser. The person confirms, and the browser takes a code to the callback. The editor gives code
and verifier, and gets a session of its own. That is OAuth's code flow with PKCE and pushed requests
(RFC 7636, 8252, 9126), for one kind of client that nobody has to register.

Two things could go wrong, and each needs its own answer:

- Someone reads the code on its way: a program that took over the editor's scheme, a log, the
  browser's history. The code is worth nothing without the verifier, which never leaves the editor
  before it is exchanged; and it works once, for two minutes.
- Someone asks for a link with a challenge of their own, sends it to a person, and hopes for the
  click. The verifier is no help, since they have it. So there are links only for callbacks that
  nobody but the person's own editor takes: an editor's scheme on their computer, their loopback,
  VS Code's own sites in their browser, and origins that whoever runs the server has named.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings

from accounts import one_time_tokens
from accounts.models import User
from accounts.sessions import user_for_session

LINK_LIFETIME = 600
"""Seconds in which the person can confirm: they may have to sign up first."""
CODE_LIFETIME = 120
"""Seconds in which a code can be exchanged: browsers ask whether they may open an editor."""
EXTENSION = "mediachat.media-chat"
"""The extension that VS Code gives the code to, and no other."""
PATH = "/signed-in"
SCHEMES = {
    "vscode": "Visual Studio Code",
    "vscode-insiders": "Visual Studio Code Insiders",
    "vscodium": "VSCodium",
    "code-oss": "Code - OSS",
    "cursor": "Cursor",
    "windsurf": "Windsurf",
    "positron": "Positron",
}
"""What editors on the person's own computer listen to."""
SITES = re.compile(r"https://(?:(?:insiders\.)?vscode\.dev|(?:[a-z0-9-]+\.)?github\.dev)")
"""Where VS Code runs in the browser: these keep a code in that browser. Ports that people forward
from a codespace are elsewhere, one label deeper."""
LOOPBACK = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?")
# No backslash, quote or control character, which browsers and we could read differently.
PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?\[\]!$&()*+,;=%]{1,2000}")


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a code may go, and whose it is, for people."""

    address: str
    editor: str

    def with_code(self, code: str, state: str) -> str:
        separator = "&" if "?" in self.address else "?"
        return f"{self.address}{separator}{urlencode({'code': code, 'state': state})}"


class NotAnEditor(Exception):
    """The address is none that a code may go to; ``place`` is its origin, for people."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


def callback(text: str) -> Callback:
    """Reads the address that an editor wants its code at, and writes it anew from its parts.

    Raises:
        NotAnEditor: a code may not go there.
    """
    if not PLAIN.fullmatch(text):
        raise NotAnEditor("")
    try:
        parts = urlsplit(text)
        query = dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise NotAnEditor("") from None
    origin = f"{parts.scheme}://{parts.netloc}"
    if {"code", "state"} & set(query):
        raise NotAnEditor(origin)
    if parts.scheme in SCHEMES:
        editor = SCHEMES[parts.scheme]
        is_right = parts.netloc == EXTENSION and parts.path == PATH
    else:
        editor = f"the editor at {parts.netloc}"
        is_right = _is_open_to(origin) and _leads_to_extension(parts, query)
    if not is_right:
        raise NotAnEditor(origin)
    address = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    return Callback(address, editor)


def _is_open_to(origin: str) -> bool:
    named = origin in settings.EDITOR_ORIGINS
    return bool(named or SITES.fullmatch(origin) or LOOPBACK.fullmatch(origin))


def _leads_to_extension(parts: SplitResult, query: dict[str, str]) -> bool:
    """Whether it is what VS Code makes of the extension's address where it runs in a browser."""
    return (
        parts.path.endswith("/callback")
        and query.get("vscode-authority") == EXTENSION
        and query.get("vscode-path") == PATH
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """An editor's wish to sign in as whoever opens the link."""

    callback: Callback
    challenge: str
    state: str


def issue_link(asked: Asked) -> str:
    """What the editor opens in the browser: the last part of the page's address."""
    return one_time_tokens.issue("editor-link", asdict(asked), lifetime=LINK_LIFETIME)


def asked_by(link: str) -> Asked | None:
    """Who asks with this link, as long as nobody has confirmed it."""
    return _asked(one_time_tokens.look("editor-link", link))


def _asked(found: Any) -> Asked | None:
    if found is None:
        return None
    return Asked(Callback(**found["callback"]), found["challenge"], found["state"])


def confirm(link: str, session_key: str) -> tuple[Asked, str] | None:
    """A code for the editor, in the name of whoever is signed in with this session; the first
    time, and ever after nothing."""
    asked = _asked(one_time_tokens.redeem("editor-link", link))
    if asked is None:
        return None
    value = [session_key, asked.challenge]
    return asked, one_time_tokens.issue("editor-code", value, lifetime=CODE_LIFETIME)


def redeem_code(code: str, verifier: str) -> User | None:
    """Who confirmed it, if they are still signed in where they did. The code is used up, also
    when the verifier is wrong: whoever tries has no right to a second attempt."""
    found = one_time_tokens.redeem("editor-code", code)
    if found is None:
        return None
    session_key, challenge = found
    if not compare_digest(challenge_of(verifier), challenge):
        return None
    return user_for_session(session_key)


def challenge_of(verifier: str) -> str:
    """The SHA-256 of the verifier in base64url, without padding."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
