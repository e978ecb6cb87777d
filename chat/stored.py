"""How much the files of the whole installation take, without asking at each upload."""

import threading
import time

from django.conf import settings
from django.db.models import Sum

from chat.models import Attachment
from mediachat.metrics import STORED

INTERVAL = 60.0
"""Seconds between two sums. What other processes store meanwhile is seen with the next."""
MEGABYTE = 1024 * 1024

_lock = threading.Lock()
_sum = 0
_summed_at: float | None = None


def total() -> int:
    """Bytes of all files, as of a minute ago at most but for what this process stored since."""
    global _sum, _summed_at
    with _lock:
        now = time.monotonic()
        if _summed_at is None or now - _summed_at >= INTERVAL:
            _sum = Attachment.objects.aggregate(sum=Sum("size"))["sum"] or 0
            _summed_at = now
            STORED.set(_sum)
        return _sum


def has_room(size: int) -> bool:
    """Whether a file of so many bytes fits into what the installation may take."""
    limit = settings.STORAGE_TOTAL_MB * MEGABYTE
    return not limit or total() + size <= limit


def add(size: int) -> None:
    """Counts a file that was stored here, or with a negative size one that was deleted."""
    global _sum
    with _lock:
        _sum += size
        STORED.set(_sum)
