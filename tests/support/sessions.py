"""Sessions that a seeded database comes with, for tests that are not about signing in.

A password's hash is slow on purpose, and hashed behind everything else: on a busy machine forty
people need half a minute to sign in.
"""

import json
from pathlib import Path

FILE = "sessions.json"

_served: dict[str, Path] = {}
_unused: dict[Path, dict[str, str]] = {}


def keep(tokens: dict[str, str], data_dir: Path) -> None:
    """Leaves the tokens of these people's sessions beside their database."""
    (data_dir / FILE).write_text(json.dumps(tokens))


def served(address: str, data_dir: Path) -> None:
    """Says that this address leads to the database of this directory."""
    _served[address] = data_dir
    if data_dir not in _unused:
        file = data_dir / FILE
        _unused[data_dir] = json.loads(file.read_text()) if file.exists() else {}


def give_back(address: str, username: str, token: str) -> None:
    """Lets another test have a session that has not ended."""
    _unused[_served[address]][username] = token


def take(address: str, username: str) -> str:
    """The token of this person's session there. Each is given once, as two sign-ins make two
    sessions; nothing if none is left."""
    return _unused.get(_served.get(address, Path()), {}).pop(username, "")
