"""The time, as it is stored."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The time for what is stored: in milliseconds, which every database keeps."""
    time = timezone.now()
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
