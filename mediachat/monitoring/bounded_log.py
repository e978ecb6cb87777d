"""Bounds how much log output others can cause, so that no flood of requests fills a disk.

Django logs each unknown address and each refused Host in full: one client caused 46 MB a second. So
no text in a line is longer than ``TEXT_LIMIT``, and each kind of line has at most
``LINES_A_MINUTE`` in a process: some 400 MB a day of each, whatever is requested and however often.

Nor can a flood of one kind keep lines of another out of the log. Code chooses what distinguishes
kinds, never a client: see ``kind_of``. Lines that name an address, those of sign-ins and of changed
accounts, are counted for each network separately.
"""

import logging
import sys
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import structlog

from mediachat.addresses import networks

logger = structlog.get_logger(__name__)

LINES_A_MINUTE = 240
"""Of each kind, in one process; then the number of those that were left out. As many as sign-ins
from one address (``ACCOUNT_RATE_LIMITS``), so that each of these has its line."""
TEXT_LIMIT = 1_000
"""Characters of one text in a line, such as an address."""
LEFT_OUT = "lines_not_logged"
UNBOUNDED = frozenset({LEFT_OUT, "django.server", "django.channels.server"})
"""The notice of left-out lines itself, and the development servers' line for each request."""
KINDS_KEPT = 1_000
"""Kinds that are counted apart in a minute; there are some dozens."""
NETWORKS_KEPT = 1_000
"""Networks that are counted apart in a minute, with each kind; those that come later share."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The key by which a line is counted."""

    event: str
    level: str = ""
    place: str = ""
    """Where in the code the line is written, if the event does not say so already."""
    raised: str = ""
    """Where in the code the exception comes from that the line tells of."""
    network: str = ""


OTHER = Kind("other")


def event_of(record: logging.LogRecord) -> str:
    """Returns the event that our own code names, or else the library's logger."""
    # structlog's records are dicts with the event's name.
    named = record.msg.get("event") if isinstance(record.msg, dict) else record.name
    return str(named)[:80]


def kind_of(record: logging.LogRecord) -> Kind:
    """Returns the key by which a line is counted.

    uvicorn's logger reports malformed requests, which anyone can send in any number, and exceptions
    of our own code. So a logger's name is too coarse, and its text, which may contain input, too
    fine.
    """
    event, level = event_of(record), record.levelname
    if not isinstance(record.msg, dict):
        place = f"{record.pathname}:{record.lineno}"
        return Kind(event, level, place, _raised_at(record.exc_info))
    address = record.msg.get("address")
    return Kind(
        event,
        level,
        raised=_raised_at(record.msg.get("exc_info") or record.exc_info),
        network=networks(str(address))[0] if address else "",
    )


def _raised_at(exception: Any) -> str:
    """Returns the innermost line of code of ``exc_info``. Empty without one."""
    match exception:
        case BaseException():
            trace = exception.__traceback__
        case (_, _, trace):
            pass
        case True:
            trace = sys.exc_info()[2]
        case _:
            return ""
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def shortened(value: Any) -> Any:
    """Returns the same with each text in it cut to ``TEXT_LIMIT``."""
    match value:
        case str() if len(value) > TEXT_LIMIT:
            return f"{value[:TEXT_LIMIT]}…"
        case dict():
            return {key: shortened(each) for key, each in value.items()}
        case list() | tuple():
            return [shortened(each) for each in value]
    return value


@dataclass(slots=True)
class _Lines:
    written: int = 0
    left_out: int = 0


class BoundedLines(logging.Filter):
    """Passes ``LINES_A_MINUTE`` of each kind, and reports how many it left out."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._minute = 0
        self._counted: dict[Kind, _Lines] = {}
        self._networks: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Returns whether this line is written."""
        if event_of(record) in UNBOUNDED:
            return True
        kind = kind_of(record)
        with self._lock:
            before = self._begin_minute()
            kind = self._known(kind)
            lines = self._counted.setdefault(kind, _Lines())
            is_within = lines.written < LINES_A_MINUTE
            lines.written += is_within
            lines.left_out += not is_within
            is_first_left_out = lines.left_out == 1
        for each, number in before:
            _tell(each, number)
        if not is_within and is_first_left_out:
            _tell(kind, "the rest of this minute")
        return is_within

    def _begin_minute(self) -> list[tuple[Kind, int]]:
        """Resets the counts for a new minute, and reports how many lines of each kind were left
        out.
        """
        now = int(time.monotonic() // 60)
        if now == self._minute:
            return []
        before = [(kind, each.left_out) for kind, each in self._counted.items() if each.left_out]
        self._minute = now
        self._counted.clear()
        self._networks.clear()
        return before

    def _known(self, kind: Kind) -> Kind:
        """Returns the kind itself, or a shared one if too many are counted already."""
        if kind.network and kind.network not in self._networks:
            if len(self._networks) >= NETWORKS_KEPT:
                kind = replace(kind, network=OTHER.event)
            else:
                self._networks.add(kind.network)
        # Many networks must not displace kinds.
        if kind not in self._counted and not kind.network:
            kinds = sum(not each.network for each in self._counted)
            return kind if kinds < KINDS_KEPT else OTHER
        return kind


def _tell(kind: Kind, lines: int | str) -> None:
    more = {"network": kind.network} if kind.network else {"place": kind.raised or kind.place}
    logger.warning(LEFT_OUT, about=kind.event, of_level=kind.level, lines=lines, **more)
