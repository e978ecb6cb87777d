"""Returns unused memory to the operating system.

The C library keeps memory that threads have freed, each in a heap of its own, for the life of the
process: after one busy minute a server would stay at that minute's size.
"""

import contextlib
import ctypes
import mmap
from pathlib import Path

WORTH = 16 * 1024 * 1024
"""Bytes by which the process has to have grown since, so that it is worth some milliseconds."""

_after_last = 0


def trim() -> None:
    """Makes the C library return free memory, if the process has grown. Call it in a thread: others
    continue, except while they need memory of the heap that is being trimmed.

    Only Linux reports the size this way, and only glibc has the function (malloc_trim(3)); on other
    systems this does nothing.
    """
    global _after_last
    with contextlib.suppress(AttributeError, OSError):
        if _size() >= _after_last + WORTH:
            ctypes.CDLL(None).malloc_trim(0)
            _after_last = _size()


def _size() -> int:
    """Returns the resident memory of the process in bytes (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
