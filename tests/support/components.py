"""What the tests need from the machine beside Python.

On a developer's machine a test that lacks its component is skipped; in CI that is a failure,
because a suite that quietly skips its hardest tests proves nothing.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def component(*names: str) -> str:
    """The path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    return missing(f"{names[0]} is not installed.")


def missing(message: str) -> NoReturn:
    """Fails in CI, which installs everything; skips where a developer has not installed it."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)


def redis_server() -> str:
    return component("redis-server", "valkey-server")


def chromium() -> str:
    return component("chromium", "chromium-browser", "google-chrome")


def node() -> str:
    return component("node", "nodejs")


def emoji_font() -> None:
    """A font with emoji in colour, as every desktop has one."""
    if not list(Path("/usr/share/fonts").rglob("*Color*Emoji*")):
        missing("There is no font with emoji in colour (fonts-noto-color-emoji).")
