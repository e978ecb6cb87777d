"""Signs an editor in through a browser in which the person is already signed in.

The editor creates a secret, the verifier, and sends us its SHA-256, the challenge, and the address
where it listens, its callback. It gets a link that works once, and opens it in the person's
browser. The person confirms, and the browser takes a code to the callback. The editor sends code
and verifier, and gets a session of its own. That is OAuth's code flow with PKCE and pushed requests
(RFC 7636, 8252, 9126), for one kind of client that needs no registration.

There are two attacks, and each needs its own defence:

- An attacker reads the code in transit: a program that took over the editor's scheme, a log, the
  browser's history. The code is worthless without the verifier, which never leaves the editor
  before the exchange; and the code works once, for two minutes.
- An attacker requests a link with a challenge of their own, sends it to a person, and hopes for a
  click. The verifier does not help, since the attacker has it. So links are issued only for
  callbacks that only the person's own editor receives: an editor's scheme on their computer, their
  loopback, VS Code's own sites in their browser, and origins that the administrator has allowed.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings

from accounts.models import User
from accounts.sessions.signed_in import user_for_session
from accounts.sign_in import one_time_tokens

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
# No backslash, quote or control character: browsers and this server could parse those differently.
PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?\[\]!$&()*+,;=%]{1,2000}")


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a code may be sent, and the name of its owner, to show to people."""

    address: str
    editor: str

    def with_code(self, code: str, state: str) -> str:
        separator = "&" if "?" in self.address else "?"
        return f"{self.address}{separator}{urlencode({'code': code, 'state': state})}"


class NotAnEditor(Exception):
    """No code may be sent to the address; ``place`` is its origin, to show to people."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


def callback(text: str) -> Callback:
    """Parses the address at which an editor wants its code, and rebuilds it from its parts.

    Raises:
        NotAnEditor: no code may be sent there.
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
    """Returns whether it is the address that VS Code in a browser gives to the extension."""
    return (
        parts.path.endswith("/callback")
        and query.get("vscode-authority") == EXTENSION
        and query.get("vscode-path") == PATH
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """An editor's request to sign in as the person who opens the link."""

    callback: Callback
    challenge: str
    state: str


def issue_link(asked: Asked) -> str:
    """Returns the last part of the address of the page that the editor opens in the browser."""
    return one_time_tokens.issue("editor-link", asdict(asked), lifetime=LINK_LIFETIME)


def asked_by(link: str) -> Asked | None:
    """Returns the request behind this link, until it is confirmed."""
    return _asked(one_time_tokens.look("editor-link", link))


def _asked(found: Any) -> Asked | None:
    if found is None:
        return None
    return Asked(Callback(**found["callback"]), found["challenge"], found["state"])


def confirm(link: str, session_key: str) -> tuple[Asked, str] | None:
    """Returns a code for the editor, on behalf of the person signed in with this session. It works
    once: a second call returns None.
    """
    asked = _asked(one_time_tokens.redeem("editor-link", link))
    if asked is None:
        return None
    value = [session_key, asked.challenge]
    return asked, one_time_tokens.issue("editor-code", value, lifetime=CODE_LIFETIME)


def redeem_code(code: str, verifier: str) -> User | None:
    """Returns who confirmed it, if they are still signed in where they did. The code is used up
    even if the verifier is wrong, so that an attacker gets no second attempt.
    """
    found = one_time_tokens.redeem("editor-code", code)
    if found is None:
        return None
    session_key, challenge = found
    if not compare_digest(challenge_of(verifier), challenge):
        return None
    return user_for_session(session_key)


def challenge_of(verifier: str) -> str:
    """Returns the SHA-256 of the verifier in base64url, without padding."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
