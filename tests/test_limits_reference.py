"""docs/OPERATIONS.md names every limit with its setting and default."""

import re
from pathlib import Path

import pytest
from allauth.account import app_settings

from chat.management.commands import limits_reference
from mediachat.server.__main__ import OPTIONS

ROOT = Path(__file__).resolve().parent.parent
OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text()
LIMITS = OPERATIONS.partition("\n## Limits\n")[2].partition("\n## When something is gone")[0]
SETTINGS = (ROOT / "mediachat" / "settings.py").read_text()
NO_LIMITS = {"WEB_CONCURRENCY", "TRUSTED_PROXY_COUNT", "HSTS_SECONDS"}
"""Settings that are figures and bound nothing."""
TURNED_OFF = {"change_phone", "verify_phone", "request_login_code"}
"""What allauth would limit if this server had it: phones, and codes instead of passwords."""


def test_it_is_what_the_code_says() -> None:
    assert limits_reference.document(ROOT) == OPERATIONS, "Run manage.py limits_reference."


def test_a_constant_of_the_code_is_found() -> None:
    found = {(file, name): (value, what) for file, name, value, what in limits_reference.rows(ROOT)}
    assert found["chat/concurrency/executors.py", "FILE_THREADS"][0] == "3"
    assert found["chat/realtime/socket_writer.py", "BACKLOG_LIMIT"][0] == "1,048,576"
    assert found["accounts/passwords/hashers.py", "WAIT"] == (
        "5.0",
        "Seconds that one of them waits",
    )
    assert found["chat/actions/attachments.py", "UNCLAIMED_FOR"][0] == "604,800 s"


@pytest.mark.parametrize("name", re.findall(r'env\.(?:int|float)\("(\w+)"', SETTINGS))
def test_every_setting_that_is_a_figure_is_among_the_limits(name: str) -> None:
    assert name in NO_LIMITS or f"`{name}`" in LIMITS


@pytest.mark.parametrize("name", sorted(set(app_settings.RATE_LIMITS) - TURNED_OFF))
def test_every_rate_of_allauth_is_among_the_limits(name: str) -> None:
    assert f"`{name}`" in LIMITS


@pytest.mark.parametrize("option", re.findall(r"--(?:ws|timeout|limit)-[a-z-]+", OPTIONS))
def test_every_bound_of_the_servers_command_is_among_the_limits(option: str) -> None:
    assert f"`{option}`" in LIMITS or option == "--ws-per-message-deflate"
