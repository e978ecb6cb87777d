"""The clock for stored times."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Returns the current time in milliseconds, which every database keeps."""
    time = timezone.now()
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
