"""Empties SQLite's write-ahead log, so that it no longer holds deleted data.

A checkpoint alone keeps the log's length, with old pages in it until they are overwritten.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import structlog
from django.conf import settings

from mediachat.databases.urls import SQLITE
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

BUSY_TIMEOUT_SECONDS = 0.2
"""Seconds to wait for those who write, and at most as long do they wait for the disk then."""
QUIET = 1.0
"""Seconds without a write after which the log is emptied at once."""
LATEST = 60.0
"""Seconds after which it is emptied however much is written. A log that has been cut off grows
with each commit, which takes the disk longer than writing over what is there."""

_emptied = 0.0


def empty() -> None:
    """Moves the log into the database and truncates it, if nobody writes; otherwise a later call
    does.
    """
    global _emptied
    database = settings.DATABASES["default"]
    if database["ENGINE"] != SQLITE:
        return
    try:
        log_file = Path(f"{database['NAME']}-wal").stat()
    except FileNotFoundError:
        return
    is_quiet = time.time() - log_file.st_mtime > QUIET
    if not log_file.st_size or not (is_quiet or time.monotonic() - _emptied > LATEST):
        return
    try:
        with closing(sqlite3.connect(database["NAME"], timeout=BUSY_TIMEOUT_SECONDS)) as connection:
            # Do most of it while others write; the rest blocks them for a moment.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            (is_blocked, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not is_blocked:
            _emptied = time.monotonic()
    except sqlite3.Error as error:
        logger.warning("wal_not_emptied", error=reason(error))
