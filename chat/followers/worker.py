"""Runs followers: soon after each commit of this process, and by a sweep over all rooms at start
and every five minutes, for changes that a killed process committed.
"""

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.utils import timezone

from chat.concurrency.executors import close_connections_of, with_working_connection
from chat.due import timer
from chat.followers.progress import Step, advance, begin_again, behind
from chat.followers.registry import all_followers
from chat.message_log import listeners
from chat.message_log.entry import RoomChanges
from chat.models import Due
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

GATHER_SECONDS = 0.1
"""After a commit others are waited for this long, so that a batch is worth its queries."""
BUSY_SECONDS = 0.2
"""When it is looked again whether another process has finished with a room."""
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 300.0
"""Time between two attempts at a room where a follower fails; it doubles with each."""
STOP_TIMEOUT_SECONDS = 5.0
"""How long a stop waits for the batch at hand."""
SWEEP_EVERY = timedelta(minutes=5)
SWEEP = "followers.sweep"
SWEEP_ID = uuid.uuid5(uuid.NAMESPACE_URL, "mediachat:followers.sweep")


class FollowerWorker:
    """Runs all followers of one process, each in a task and a thread of its own: a slow or failing
    one delays no other.
    """

    def __init__(self) -> None:
        self._loops = {name: _Follower(name) for name in all_followers()}

    def start(self) -> None:
        """Starts in the running event loop."""
        if not self._loops:
            return
        for each in self._loops.values():
            each.start()
        listeners.register(self._changed)
        _workers.add(self)

    async def stop(self) -> None:
        """Stops, and returns when running batches are done or have timed out: another process gets
        the same batch when the lease ends.
        """
        if not self._loops:
            return
        _workers.discard(self)
        listeners.unregister(self._changed)
        await asyncio.gather(*(each.stop() for each in self._loops.values()))

    def note(self, name: str, rooms: Iterable[UUID]) -> None:
        """Makes one follower check these rooms; callable from any thread."""
        if each := self._loops.get(name):
            each.note(rooms)

    def _changed(self, changes: Sequence[RoomChanges]) -> None:
        rooms = {each.room for each in changes}
        for each in self._loops.values():
            each.note(rooms)


_workers: set[FollowerWorker] = set()


class _Follower:
    def __init__(self, name: str) -> None:
        self._name = name
        self._rooms: dict[UUID, None] = {}
        self._rests: dict[UUID, float] = {}
        self._noted = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"follower-{name}")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        closing = asyncio.to_thread(close_connections_of, self._thread)
        with suppress(TimeoutError):
            await asyncio.wait_for(closing, STOP_TIMEOUT_SECONDS)
        self._thread.shutdown(wait=False)

    def note(self, rooms: Iterable[UUID]) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._note, list(rooms))

    def _note(self, rooms: Iterable[UUID]) -> None:
        self._rooms.update(dict.fromkeys(rooms))
        self._noted.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._note(await loop.run_in_executor(self._thread, self._behind))
        except Exception as error:  # the sweep finds them later
            logger.warning("follower_failed", follower=self._name, error=reason(error))
        while True:
            await self._noted.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._noted.clear()
            rooms, self._rooms = self._rooms, {}
            for room in rooms:
                await self._follow(loop, room)

    async def _follow(self, loop: asyncio.AbstractEventLoop, room: UUID) -> None:
        """Processes one batch, so that a long room does not delay the others."""
        try:
            work = with_working_connection
            step = await loop.run_in_executor(self._thread, work, advance, self._name, room)
        except Exception as error:
            rest = self._rests.get(room, FIRST_REST_SECONDS / 2) * 2
            self._rests[room] = min(rest, LONGEST_REST_SECONDS)
            logger.warning(
                "follower_failed",
                follower=self._name,
                room=str(room),
                error=reason(error),
                exc_info=error,
            )
            loop.call_later(self._rests[room], self._note, [room])
            return
        self._rests.pop(room, None)
        if step is Step.MORE:
            self._note([room])
        elif step is Step.BUSY:
            loop.call_later(BUSY_SECONDS, self._note, [room])

    def _behind(self) -> list[UUID]:
        def read() -> list[UUID]:
            timer.schedule(SWEEP, timezone.now() + SWEEP_EVERY, {}, id=SWEEP_ID)
            return list(behind(self._name))

        return with_working_connection(read)


def rebuild(name: str) -> None:
    """Makes a follower process every room from the beginning, soon, in whichever process sweeps
    first.

    Raises:
        KeyError: there is no such follower.
    """
    all_followers()[name]
    begin_again(name)
    timer.schedule(SWEEP, timezone.now(), {}, id=SWEEP_ID)
    Due.objects.filter(pk=SWEEP_ID).update(due_at=timezone.now())


@timer.handles(SWEEP)
def _sweep(due: Due) -> datetime:
    for worker in list(_workers):
        for name in all_followers():
            worker.note(name, behind(name))
    return timezone.now() + SWEEP_EVERY
