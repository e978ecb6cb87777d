"""Bounds what others can have written into the log, so that no storm of them fills a disk.

Django writes a line for each address that it does not find and for each Host that it refuses, with
all of what was asked for: one peer wrote 46 MB a second. So no text in a line is longer than
``TEXT_LIMIT``, and no event has more than ``LINES_A_MINUTE`` lines in a process: at most some
200 MB a day of each, whatever is asked and however often.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import structlog

log = structlog.get_logger(__name__)

LINES_A_MINUTE = 120
"""Of each event, in one process; then the number of those that were left out."""
TEXT_LIMIT = 1_000
"""Characters of one text in a line, such as an address."""
LEFT_OUT = "lines_not_logged"
UNBOUNDED = frozenset({LEFT_OUT, "django.server", "django.channels.server"})
"""The notice of left-out lines itself, and the development servers' line for each request."""
EVENTS_KEPT = 1_000
"""Events that are counted apart; there are some dozens."""


def event_of(record: logging.LogRecord) -> str:
    """By what a line is counted: the event that our own code names, or the library's logger."""
    # structlog's records are dicts with the event's name.
    named = record.msg.get("event") if isinstance(record.msg, dict) else record.name
    return str(named)[:80]


def shortened(value: Any) -> Any:
    """The same with each text in it cut to ``TEXT_LIMIT``."""
    match value:
        case str() if len(value) > TEXT_LIMIT:
            return f"{value[:TEXT_LIMIT]}…"
        case dict():
            return {key: shortened(each) for key, each in value.items()}
        case list() | tuple():
            return [shortened(each) for each in value]
    return value


@dataclass(slots=True)
class _Minute:
    number: int = 0
    written: int = 0
    left_out: int = 0


class BoundedLines(logging.Filter):
    """Lets ``LINES_A_MINUTE`` of each event through, and says how many it left out."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._minutes: dict[str, _Minute] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        event = event_of(record)
        if event in UNBOUNDED:
            return True
        before = 0
        with self._lock:
            if event not in self._minutes and len(self._minutes) >= EVENTS_KEPT:
                event = "other"
            minute = self._minutes.setdefault(event, _Minute())
            now = int(time.monotonic() // 60)
            if now != minute.number:
                before = minute.left_out
                minute.number, minute.written, minute.left_out = now, 0, 0
            is_within = minute.written < LINES_A_MINUTE
            minute.written += is_within
            minute.left_out += not is_within
            is_first_left_out = minute.left_out == 1
        if before:
            log.warning(LEFT_OUT, about=event, lines=before)
        if not is_within and is_first_left_out:
            log.warning(LEFT_OUT, about=event, lines="the rest of this minute")
        return is_within
