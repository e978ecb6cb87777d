"""Hashes passwords, and limits how much of that a process does at the same time.

A hash is slow and large on purpose, and anyone can request one. So a process hashes in one thread
of low priority, with a short queue. The limit is in the hashers themselves, so that no page and no
command can bypass it.
"""

import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

T = TypeVar("T")

PLACES = 16
"""Threads of a process that may wait for a hash: each holds a request and a connection to the
database. Requests for pages that hash wait before they have a thread (``sign_in_line``)."""
WAIT = 5.0
"""Seconds that one of them waits."""
NICENESS = 10
"""Subtracted from the priority of the thread that hashes: the event loop, which carries
everyone's messages, comes first."""


class TooManyHashes(Exception):
    """The process cannot hash this password in time. Nothing was changed."""


class HashingThread:
    """One thread that hashes, with a bounded queue."""

    def __init__(self, *, places: int = PLACES, wait: float = WAIT) -> None:
        self._executor = ThreadPoolExecutor(1, "hashing", initializer=_lower_priority)
        self._places = threading.BoundedSemaphore(places)
        self._wait = wait

    def run(self, work: Callable[[], T]) -> T:
        """Runs ``work`` in the thread and returns its result.

        Raises:
            TooManyHashes: the queue is full, or the turn did not come in time.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyHashes
        try:
            future = self._executor.submit(work)
            try:
                return future.result(self._wait)
            except TimeoutError:
                if future.cancel():
                    raise TooManyHashes from None
                return future.result()  # it is running, and takes a fraction of a second
        finally:
            self._places.release()


def _lower_priority() -> None:
    if sys.platform == "linux":  # on other systems this would lower the whole process's priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


hashing_thread = HashingThread()


NORMALIZED = "nfkc."
"""How the salt begins of a hash whose password was normalised; Django's salts have no dot."""


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with OWASP's parameters: 19 MiB, two passes, one thread.

    Django's own takes 100 MiB and eight threads. Hashes of that kind are still verified; the
    person's next sign-in replaces them.

    A password is normalised first (NFKC), because keyboards and systems write é as one character or
    as two. Hashes from before that are verified with the text as typed, and replaced as well. The
    salt says which of the two applies, so that a guess never costs two hashes: the time would
    reveal that the account exists.
    """

    time_cost = 2
    memory_cost = 19_456
    """KiB."""
    parallelism = 1

    def salt(self) -> str:
        return NORMALIZED + super().salt()

    def encode(self, password: str, salt: str) -> str:
        password = _hashed_form(password, salt)
        return hashing_thread.run(lambda: super(Argon2Hasher, self).encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        password = _hashed_form(password, self.decode(encoded)["salt"])
        return hashing_thread.run(lambda: super(Argon2Hasher, self).verify(password, encoded))

    def must_update(self, encoded: str) -> bool:
        is_normalized = str(self.decode(encoded)["salt"]).startswith(NORMALIZED)
        return not is_normalized or super().must_update(encoded)


def normalized(password: str) -> str:
    """Returns the Unicode form in which a password is hashed."""
    return unicodedata.normalize("NFKC", password)


def _hashed_form(password: str, salt: str) -> str:
    return normalized(password) if salt.startswith(NORMALIZED) else password


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """Verifies hashes that came from another Django project."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        # Django's verify calls it too.
        return hashing_thread.run(
            lambda: super(PBKDF2Hasher, self).encode(password, salt, iterations)
        )
