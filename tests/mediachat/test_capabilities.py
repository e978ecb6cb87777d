"""What is said of a database is what Django's backend says too, and nobody asks for its name."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from mediachat.databases import capabilities
from mediachat.databases.transactions import lock_timeout

ASKS = re.compile(r"\.vendor (?:==|!=|(?:not )?in [({[])|case \"(?:sqlite|postgresql|mongodb)\"")
EXCEPTIONS = {Path("mediachat/databases/urls.py")}
"""It makes Django's setting of an address, which names the kind of database."""


def test_rows_are_locked_where_django_can_lock_them() -> None:
    can = capabilities.of(connection)
    assert can.locks_rows == connection.features.has_select_for_update
    assert not (can.locks_rows and can.writes_meet)


@pytest.mark.django_db
def test_the_settings_of_waiting_are_there_where_a_session_has_them() -> None:
    can = capabilities.of(connection)
    with lock_timeout(123):
        if can.limits_waiting:
            with connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                assert cursor.fetchone() == ("123ms",)
    assert can.has_sql or not can.limits_waiting


def test_nobody_asks_which_database_it_is() -> None:
    root = Path(settings.BASE_DIR)
    asking = [
        str(path.relative_to(root))
        for folder in ("accounts", "chat", "mediachat")
        for path in sorted((root / folder).rglob("*.py"))
        if path.relative_to(root) not in EXCEPTIONS and ASKS.search(path.read_text())
    ]
    assert asking == []
