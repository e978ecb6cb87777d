"""Lines of the log that others can cause, bounded so that no storm of them fills a disk."""

import threading
import time
from typing import Any

import structlog

log = structlog.get_logger(__name__)

LINES_A_MINUTE = 120
"""Of each event, in one process: some 40 MB a day at most, however many try."""


class Bounded:
    """Logs an event, at most ``LINES_A_MINUTE``; then how many lines that were left out."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._lock = threading.Lock()
        self._minute = 0
        self._written = self._left_out = 0

    def __call__(self, **fields: Any) -> None:
        with self._lock:
            minute, left_out = int(time.monotonic() // 60), 0
            if minute != self._minute:
                left_out, self._left_out = self._left_out, 0
                self._minute, self._written = minute, 0
            self._written += 1
            is_within = self._written <= LINES_A_MINUTE
            self._left_out += not is_within
            is_first_left_out = self._left_out == 1 and not is_within
        if left_out:
            log.warning("lines_not_logged", about=self._event, lines=left_out)
        if is_within:
            log.info(self._event, **fields)
        elif is_first_left_out:
            log.warning("lines_not_logged", about=self._event, lines="the rest of this minute")
