"""Empties SQLite's write-ahead log, so that what was deleted is gone from it too.

A checkpoint by itself leaves the log as long as it was, with the pages of before in it, until
others are written over them.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import structlog
from django.conf import settings

from mediachat.databases import SQLITE

log = structlog.get_logger(__name__)

PATIENCE = 0.2
"""Seconds to wait for those who write, and at most as long do they wait for the disk then."""


def empty() -> None:
    """Moves the log into the database and cuts it off, if nobody is in the way; else the next
    call does."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != SQLITE:
        return
    try:
        if not Path(f"{database['NAME']}-wal").stat().st_size:
            return
    except FileNotFoundError:
        return
    try:
        with closing(sqlite3.connect(database["NAME"], timeout=PATIENCE)) as connection:
            # Nearly all of it beside those who write, whom the rest stops for a moment.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        log.warning("wal_not_emptied", error=repr(error))
