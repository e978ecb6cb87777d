"""How much the files of the whole installation take, without summing all of them at each upload.

A sum of all is a minute old at most, and goes up to some time before it was made; what has been
stored since, by any process, is asked each time. So a file that has its row before this is asked
is counted, whoever asks. What other processes deleted is seen with the next sum of all.
"""

import threading
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from chat.models import Attachment
from mediachat.monitoring.metrics import STORED

INTERVAL = 60.0
"""Seconds between two sums of all."""
SETTLED = timedelta(seconds=60)
"""After this no row is still being stored, and no clock of another machine is behind."""
MEGABYTE = 1024 * 1024

_lock = threading.Lock()
_sum = 0
_until: datetime | None = None
"""The sum is of the files that were stored until then."""
_summed_at = 0.0


def total() -> int:
    """Bytes of all files that have a row."""
    global _sum, _until, _summed_at
    with _lock:
        now = time.monotonic()
        if _until is None or now - _summed_at >= INTERVAL:
            until = timezone.now() - SETTLED
            _sum = _size(created_at__lte=until)
            _until, _summed_at = until, now
        found = _sum + _size(created_at__gt=_until)
        STORED.set(found)
        return found


def has_room(size: int = 0) -> bool:
    """Whether a file of so many bytes fits into what the installation may take."""
    limit = settings.STORAGE_TOTAL_MB * MEGABYTE
    return not limit or total() + size <= limit


def deleted(attachment: Attachment) -> None:
    """Counts this file no longer."""
    global _sum
    with _lock:
        if _until is not None and attachment.created_at <= _until:
            _sum -= attachment.size


def _size(**which: datetime) -> int:
    return Attachment.objects.filter(**which).aggregate(sum=Sum("size"))["sum"] or 0
