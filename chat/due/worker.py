"""Runs due things in each process, in the background.

Every process looks for due rows once a second. One conditional update claims a row, which works
without transactions or row locks, and so on all databases. Handlers run in a few threads of their
own, so a slow one delays neither the others nor any query of the chat.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from chat.concurrency.executors import close_connections_of, with_working_connection
from chat.due.timer import handler_of
from chat.models import Due
from chat.protocol import ChatError
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

AT_ONCE = 4
"""Handlers that run at once in one process."""
POLL_SECONDS = 1.0
"""How often a process looks for due rows."""
LEASE = timedelta(seconds=60)
"""A process that claims a row has this long; then it counts as dead, and another one goes on."""
STOP_TIMEOUT_SECONDS = 5.0
"""How long a stop waits for handlers."""
SLOW_SECONDS = 10.0
"""A handler that takes longer is named in the log: at ``LEASE`` it would be run twice."""
MAX_ATTEMPTS = 19
"""Failed attempts after which a thing is given up: about a day after it was due."""
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(hours=3)
"""Time between two attempts; it doubles with each."""
ERROR_LIMIT = 300
"""Characters that are kept of an error."""


def claim(limit: int) -> list[Due]:
    """Claims up to this many unclaimed due rows."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    found = Due.objects.filter(failed_at=None, due_at__lte=now).filter(free).order_by("due_at")
    claimed = []
    for due in found[:limit]:
        until = now + LEASE
        same = Due.objects.filter(pk=due.pk, lease_until=due.lease_until, failed_at=None)
        if same.update(lease_until=until):
            due.lease_until = until
            claimed.append(due)
    return claimed


def fire(due: Due) -> None:
    """Runs one claimed thing, and records the result. Never raises for the handler's errors."""
    mine = Due.objects.filter(pk=due.pk, lease_until=due.lease_until)
    handler = handler_of(due.kind)
    if handler is None:
        # A newer process may know it: an older one only leaves it alone.
        mine.update(lease_until=timezone.now() + LEASE)
        logger.warning("due_unknown", kind=due.kind, due=str(due.pk))
        return
    began = time.monotonic()
    try:
        again = handler(due)
    except Exception as error:
        _failed(due, error)
        return
    finally:
        if (took := time.monotonic() - began) > SLOW_SECONDS:
            logger.warning("due_slow", kind=due.kind, due=str(due.pk), seconds=round(took, 1))
    if again is None:
        mine.delete()
    else:
        mine.update(due_at=again, lease_until=None, attempts=0, error="")


def _failed(due: Due, error: Exception) -> None:
    now = timezone.now()
    attempts = due.attempts + 1
    changes: dict[str, object] = {"attempts": attempts, "error": reason(error)[:ERROR_LIMIT]}
    given_up = isinstance(error, ChatError) or attempts >= MAX_ATTEMPTS
    if given_up:
        changes |= {"failed_at": now, "lease_until": None}
    else:
        changes["lease_until"] = now + min(FIRST_REST * 2**due.attempts, LONGEST_REST)
    Due.objects.filter(pk=due.pk, lease_until=due.lease_until).update(**changes)
    logger.warning(
        "due_given_up" if given_up else "due_failed",
        kind=due.kind,
        due=str(due.pk),
        attempts=attempts,
        error=reason(error),
        exc_info=None if isinstance(error, ChatError) else error,
    )


class DueWorker:
    """The worker of an event loop: looks for due rows, and runs them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="due")
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="due-look")
        self._firing: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stops looking, and returns when running things are done or have timed out: another
        process runs those again when the lease ends.
        """
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._firing:
            await asyncio.wait(self._firing, timeout=STOP_TIMEOUT_SECONDS)
        pools = [self._looker] if self._firing else [self._looker, self._threads]
        for pool in pools:
            await asyncio.to_thread(close_connections_of, pool)
            pool.shutdown(wait=False)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            claimed: list[Due] = []
            try:
                if free := AT_ONCE - len(self._firing):
                    claimed = await loop.run_in_executor(
                        self._looker, with_working_connection, claim, free
                    )
            except Exception as error:
                logger.warning("due_not_read", error=reason(error))
            for due in claimed:
                task = loop.create_task(self._fire(due))
                self._firing.add(task)
                task.add_done_callback(self._firing.discard)
            if self._firing and claimed:
                await asyncio.wait(self._firing, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(POLL_SECONDS)

    async def _fire(self, due: Due) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(
                self._threads, with_working_connection, fire, due
            )
        except Exception as error:  # the database is away: the lease ends, and it is done again
            logger.warning("due_interrupted", kind=due.kind, error=reason(error))
