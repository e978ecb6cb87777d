"""SQLite's log is cut off when nobody writes, and else after a while."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from mediachat.databases import wal
from mediachat.databases.urls import SQLITE


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Somebody who has just written."""
    name = tmp_path / "db.sqlite3"
    default = {"ENGINE": SQLITE, "NAME": str(name)}
    monkeypatch.setitem(settings.DATABASES, "default", default)
    monkeypatch.setattr(wal, "BUSY_TIMEOUT_SECONDS", 0.01)
    connection = sqlite3.connect(name, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE said (words TEXT)")
    yield connection
    connection.close()


def _log_size() -> int:
    return Path(f"{settings.DATABASES['default']['NAME']}-wal").stat().st_size


def test_a_log_that_is_written_to_stays_for_a_while(
    writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "_emptied", float("-inf"))
    wal.empty()
    assert _log_size() == 0
    writer.execute("INSERT INTO said VALUES ('more')")
    wal.empty()
    assert _log_size() > 0
    monkeypatch.setattr(wal, "QUIET", -1)
    wal.empty()
    assert _log_size() == 0


def test_a_log_that_a_reader_keeps_is_tried_again_at_once(
    writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "_emptied", float("-inf"))
    reader = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM said").fetchall()
    writer.execute("INSERT INTO said VALUES ('more')")
    wal.empty()
    assert _log_size() > 0
    reader.close()
    wal.empty()
    assert _log_size() == 0
