"""Checks the free disk space for files. File uploads stop early, so that messages can continue to
the last byte.
"""

import os
import threading
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from mediachat.monitoring.metrics import DISK_FLOOR, DISK_FREE

MEGABYTE = 1024 * 1024
FULL = (
    "The server's disk is nearly full, so it takes no files for now. Messages still arrive. "
    "Ask the server's administrator to make room."
)
"""What people are told whose file is not taken."""

_free: int | None = None
_promised = 0
"""Bytes that may still come of what is being sent to this process."""
_lock = threading.Lock()


def look() -> int:
    """Returns the free bytes on the fullest of the disks that files pass through. Call it in a
    thread: a network disk may hang.
    """
    global _free
    _free = min(_free_at(Path(each)) for each in _directories())
    DISK_FREE.set(_free)
    DISK_FLOOR.set(settings.FREE_DISK_MB * MEGABYTE)
    return _free


def has_room(size: int = 0) -> bool:
    """Returns whether a file of so many bytes leaves the required space free. Call it
    in a thread.
    """
    return look() - size >= settings.FREE_DISK_MB * MEGABYTE


def promise(size: int) -> bool:
    """Reserves room for so many bytes until ``release``, if there is any. Call it in a thread.

    Bytes that have arrived count as both reserved and used, so that the error is on the safe side.
    """
    global _promised
    with _lock:
        if not has_room(_promised + size):
            return False
        _promised += size
        return True


def release(size: int) -> None:
    """Releases reserved bytes that have arrived, or will not."""
    global _promised
    with _lock:
        _promised -= size


def was_full() -> bool:
    """Returns whether there was too little space at the last check."""
    return _free is not None and _free < settings.FREE_DISK_MB * MEGABYTE


def _directories() -> list[str]:
    # A remote store has no such location, or none that is a directory here.
    location = getattr(default_storage, "location", "")
    return [settings.FILE_UPLOAD_TEMP_DIR, *([location] if os.path.isabs(location) else [])]


def _free_at(directory: Path) -> int:
    while not directory.exists():
        directory = directory.parent
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize
