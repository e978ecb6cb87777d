"""The product's own settings with a clock that a test moves: the file that CLOCK_FILE names says
by how many seconds.

It moves what the product reads, Python's and Django's time. A database has its own clock, as one
on another machine has.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

_file = Path(os.environ["CLOCK_FILE"])
_read_every = 0.05
_true_time, _true_now = time.time, timezone.now
_seconds, _read_at = 0.0, 0.0


def _moved_by() -> float:
    global _seconds, _read_at
    if time.monotonic() - _read_at > _read_every:
        _read_at = time.monotonic()
        _seconds = float(_file.read_text() or 0)
    return _seconds


time.time = lambda: _true_time() + _moved_by()
timezone.now = lambda: _true_now() + timedelta(seconds=_moved_by())

from mediachat.settings import *  # noqa: E402, F403
