"""Reports the progress of long work."""

import time
from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told what is worked on, how much of it has been seen to, and how much there is."""


class Said:
    """Reports in lines, at most once a second, and always the beginning and the end of each part.

    Args:
        say: takes a line.
        silence: minimum seconds between two lines about the same part.
    """

    def __init__(self, say: Callable[[str], object], silence: float = 1.0) -> None:
        self._say = say
        self._silence = silence
        self._said_at = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        if (0 < done < total) and time.monotonic() - self._said_at < self._silence:
            return
        self._said_at = time.monotonic()
        if total:
            self._say(f"{what:40} {done:>10,} of {total:,} ({100 * done // total} %)")
