"""Thread pools for slow work, shared fairly between people.

One piece of work per person runs at a time, and a bounded number waits. The next is that of the
person who has used the threads least lately: one person's many uploads delay only that person, and
a person's first work waits for nobody's second.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, TypeVar

R = TypeVar("R")

HALF_LIFE = 60.0
"""Seconds after which half of the time that a person used is forgiven."""
STEP = 0.1
"""Seconds of taken time that make a difference; with less, the first to arrive is served first."""


class TooMuchWaiting(Exception):
    """This person has too much work waiting."""


class Turns:
    """A pool of ``threads`` threads; ``waiting`` limits each person's waiting work.

    Each process has its own: on two servers, two pieces of a person's work can run at once.
    """

    def __init__(self, threads: int, *, waiting: int, name: str) -> None:
        self.threads = threads
        self.waiting = waiting
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = Lock()
        self._queues: OrderedDict[Hashable, deque[tuple[Future[Any], Callable[[], Any]]]] = (
            OrderedDict()
        )
        """What waits, by person; of those who took equally much, the first is served next."""
        self._running: set[Hashable] = set()
        self._taken: dict[Hashable, tuple[float, float]] = {}
        """By person, the seconds that they took, and when that was so (monotonic)."""

    def submit(self, person: Hashable, work: Callable[[], R]) -> "Future[R]":
        """Runs work when it is this person's turn. Waiting work can be cancelled.

        Raises:
            TooMuchWaiting: some of the person's work has to finish first.
        """
        future: Future[R] = Future()
        with self._lock:
            queue = self._queues.get(person, deque())
            queue = deque(each for each in queue if not each[0].cancelled())
            if len(queue) >= self.waiting:
                raise TooMuchWaiting
            queue.append((future, work))
            self._queues[person] = queue
            self._start()
        return future

    def each_thread(self, work: Callable[[], None]) -> None:
        """Runs this once in each thread; all must be idle."""
        for job in [self._executor.submit(work) for _ in range(self.threads)]:
            job.result()

    def _start(self) -> None:
        """Starts the work that can run now; the lock is held."""
        while len(self._running) < self.threads:
            waiting = [each for each in self._queues if each not in self._running]
            if not waiting:
                return
            now = time.monotonic()
            person = min(waiting, key=lambda each: self._taken_by(each, now) // STEP)
            queue = self._queues[person]
            future, work = queue.popleft()
            if not queue:
                del self._queues[person]
            if not future.set_running_or_notify_cancel():
                continue
            self._running.add(person)
            try:
                self._executor.submit(partial(self._run, person, future, work))
            except RuntimeError as error:  # the process is ending, and starts nothing any more
                self._running.discard(person)
                future.set_exception(error)

    def _taken_by(self, person: Hashable, now: float) -> float:
        """Returns the seconds that count against them now; the lock is held."""
        seconds, since = self._taken.get(person, (0.0, now))
        return float(seconds * 0.5 ** ((now - since) / HALF_LIFE))

    def _took(self, person: Hashable, seconds: float) -> None:
        """Records the time they used, and forgets people whose time no longer counts."""
        now = time.monotonic()
        counts = {each: (self._taken_by(each, now), now) for each in self._taken}
        counts[person] = (self._taken_by(person, now) + seconds, now)
        self._taken = {each: taken for each, taken in counts.items() if taken[0] >= STEP / 100}

    def _run(self, person: Hashable, future: "Future[Any]", work: Callable[[], Any]) -> None:
        started = time.monotonic()
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            with self._lock:
                self._running.discard(person)
                self._took(person, time.monotonic() - started)
                if person in self._queues:
                    self._queues.move_to_end(person)
                self._start()
