"""Gives memory back to the system that the process does not need any more.

The C library keeps what threads have freed, each in a heap of its own, for as long as the process
lives: after one busy minute a server would look as large as in that minute for ever.
"""

import contextlib
import ctypes
import mmap
from pathlib import Path

WORTH = 16 * 1024 * 1024
"""Bytes by which the process has to have grown since, so that it is worth some milliseconds."""

_after_last = 0


def trim() -> None:
    """Asks the C library to give back what is free, if the process has grown. For a thread: others
    go on, but for moments in which they want memory of the heap that is being looked through.

    Only Linux tells the size this way, and only glibc has the function (malloc_trim(3)); elsewhere
    nothing is done.
    """
    global _after_last
    with contextlib.suppress(AttributeError, OSError):
        if _size() >= _after_last + WORTH:
            ctypes.CDLL(None).malloc_trim(0)
            _after_last = _size()


def _size() -> int:
    """Bytes of the process that are in memory (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
