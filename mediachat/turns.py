"""Threads for slow work, which people get in turn.

One person has one piece of work done at a time, and a bounded number waiting. Of those who wait,
whoever has taken the least of the threads' time lately is served next: one person's many uploads
delay that person and nobody else, and a person's first waits for no second of anybody.
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
"""Seconds after which half of the time that somebody took is forgiven."""
STEP = 0.1
"""Seconds of taken time that make a difference; with less, whoever came first is served first."""


class TooMuchWaiting(Exception):
    """This person has as much waiting as one person may."""


class Turns:
    """A pool of ``threads`` threads; ``waiting`` is how much of one person's work may wait.

    Each process has its own: on two servers a person may have two pieces of work done at once.
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
        """Has work done when it is this person's turn. What waits can be cancelled.

        Raises:
            TooMuchWaiting: the person has to let some of their work finish first.
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
        """Runs this once in each thread, all of which are idle."""
        for job in [self._executor.submit(work) for _ in range(self.threads)]:
            job.result()

    def _start(self) -> None:
        """Starts what may run now; the lock is held."""
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
        """The seconds that count against them now; the lock is held."""
        seconds, since = self._taken.get(person, (0.0, now))
        return float(seconds * 0.5 ** ((now - since) / HALF_LIFE))

    def _took(self, person: Hashable, seconds: float) -> None:
        """Notes what they took, and forgets those of whom nothing counts any more."""
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
