"""How much room is left where files are stored. Messages go on to the last byte; files stop
before, so that they do."""

import os
import threading
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from mediachat.monitoring.metrics import DISK_FLOOR, DISK_FREE

MEGABYTE = 1024 * 1024
FULL = (
    "The server's disk is nearly full, so it takes no files for now. Messages still arrive. "
    "Ask whoever runs this server to make room."
)
"""What people are told whose file is not taken."""

_free: int | None = None
_promised = 0
"""Bytes that may still come of what is being sent to this process."""
_lock = threading.Lock()


def look() -> int:
    """Bytes that are left on the fullest of the disks that files go through. For a thread: a
    disk in the network may not answer."""
    global _free
    _free = min(_free_at(Path(each)) for each in _directories())
    DISK_FREE.set(_free)
    DISK_FLOOR.set(settings.FREE_DISK_MB * MEGABYTE)
    return _free


def has_room(size: int = 0) -> bool:
    """Whether a file of so many bytes leaves as much free as has to be. For a thread."""
    return look() - size >= settings.FREE_DISK_MB * MEGABYTE


def promise(size: int) -> bool:
    """Keeps room for so many bytes until ``release``, if there is any. For a thread.

    What has come of them counts as promised and as taken: rather one file too few than too many.
    """
    global _promised
    with _lock:
        if not has_room(_promised + size):
            return False
        _promised += size
        return True


def release(size: int) -> None:
    """So many of the promised bytes have come, or will not."""
    global _promised
    with _lock:
        _promised -= size


def was_full() -> bool:
    """Whether there was too little when somebody looked last."""
    return _free is not None and _free < settings.FREE_DISK_MB * MEGABYTE


def _directories() -> list[str]:
    # A store elsewhere has no location of this kind, or none that is a directory here.
    location = getattr(default_storage, "location", "")
    return [settings.FILE_UPLOAD_TEMP_DIR, *([location] if os.path.isabs(location) else [])]


def _free_at(directory: Path) -> int:
    while not directory.exists():
        directory = directory.parent
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize
