"""Tracks the total size of all files without summing all of them at each upload.

The sum is at most a minute old, and covers rows up to some time before it was made; newer rows, of
any process, are added at each query. So every file with a row is counted, in every process.
Deletions by other processes count from the next sum on.
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
    """Returns the bytes of all files that have a row."""
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
    """Returns whether a file of so many bytes fits within the installation's limit."""
    limit = settings.STORAGE_TOTAL_MB * MEGABYTE
    return not limit or total() + size <= limit


def deleted(attachment: Attachment) -> None:
    """Subtracts a deleted file."""
    global _sum
    with _lock:
        if _until is not None and attachment.created_at <= _until:
            _sum -= attachment.size


def _size(**which: datetime) -> int:
    return Attachment.objects.filter(**which).aggregate(sum=Sum("size"))["sum"] or 0
