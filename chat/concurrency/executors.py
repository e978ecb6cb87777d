"""Runs database and file work in bounded thread pools, outside the event loop.

Not Channels' ``database_sync_to_async``: by default it runs everything of a process in one
shared thread, where one slow query stalls every socket. Here a bounded pool keeps its
connections open, since opening one costs more than most of the queries.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import Error, connections

from chat.protocol import ChatError, ErrorCode
from mediachat.databases.connections import asking, drop_dead
from mediachat.pictures import lanes
from mediachat.pictures.process import TooSlow
from mediachat.turns import TooMuchWaiting, Turns

FILE_THREADS = 3
"""Files are large and stores may be slow: few at once, and never in the threads that answer
everyone else."""
DOWNLOAD_THREADS = 8
"""They read pieces of files, and ask no database. Not the loop's own threads: bodies are written
and health is asked in those, and a store that is slow would hold them all."""
FILES_WAITING = 20
"""Files of one person that may wait for their turn: as many as a message can hold."""

P = ParamSpec("P")
R = TypeVar("R")

_readers = ThreadPoolExecutor(settings.DB_THREADS, thread_name_prefix="database")
_writer = ThreadPoolExecutor(1, thread_name_prefix="log")
_files = Turns(FILE_THREADS, waiting=FILES_WAITING, name="files")
_downloads = ThreadPoolExecutor(DOWNLOAD_THREADS, thread_name_prefix="downloads")
_later = ThreadPoolExecutor(1, thread_name_prefix="later")


async def run_in_db_pool(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs work that uses the database, and returns its result or raises its error."""
    return await _run(_readers, work, *args, **kwargs)


async def run_in_log_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Does the same in the one thread that writes the rooms' logs, in the order of the calls."""
    return await _run(_writer, work, *args, **kwargs)


async def run_in_file_pool(
    person: UUID, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Does the same for work on a file of this person, when it is their turn.

    Raises:
        ChatError: ``rate_limited``, when too many of their files are waiting.
    """
    return await _in_turn(_files, person, partial(work, *args, **kwargs))


async def run_in_picture_pool(
    person: UUID, tried: Sequence[lanes.Lane], work: Callable[[lanes.Lane], R]
) -> R:
    """Does the same for a picture, in the first of these lanes that suffices: decoding may take
    seconds, and neither another file nor a fast picture waits for it.

    Raises:
        ChatError: ``rate_limited``, when too many of their pictures are waiting.
    """
    *quicker, last = tried
    for lane in quicker:
        try:
            return await _in_turn(lane.turns, person, partial(work, lane))
        except TooSlow:
            lanes.distrust(person)
    return await _in_turn(last.turns, person, partial(work, last))


async def run_in_download_pool(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Opens or reads a stored file; it must not use the database."""
    job = partial(work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_downloads, job)


def run_in_db_thread_later(work: Callable[[], None]) -> None:
    """Runs work without waiting for it, such as deleting a file; it must not raise."""
    _later.submit(with_working_connection, work)


async def _in_turn(turns: Turns, person: UUID, work: Callable[[], R]) -> R:
    try:
        job = turns.submit(person, partial(with_working_connection, work))
    except TooMuchWaiting as error:
        raise ChatError(
            ErrorCode.RATE_LIMITED,
            f"{turns.waiting} of your files are waiting to be stored. "
            "Wait until they are, and try again.",
        ) from error
    return await asyncio.wrap_future(job)


async def _run(
    pool: ThreadPoolExecutor, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    job = partial(with_working_connection, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, job)


def with_working_connection(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs work that uses the database, over a live connection that the thread keeps."""
    drop_dead()
    with asking() as asked:
        try:
            return work(*args, **kwargs)
        except Error as error:
            can_be_done_again = asked.can_be_done_again(error)
            # Whatever is wrong with it, the thread's next work opens a new connection.
            connections.close_all()
            if not can_be_done_again:
                raise
    # Its end was on the way when it was looked at, and nothing has been changed over it.
    return work(*args, **kwargs)


def close_connections_of(pool: ThreadPoolExecutor) -> None:
    """Closes the connections of a pool's idle threads."""
    jobs = [pool.submit(connections.close_all) for _ in range(pool._max_workers)]
    for job in jobs:
        job.result()


def close_connections() -> None:
    """Closes the connections of all idle threads, so that a test database can be dropped."""
    for pool in (_readers, _writer, _later):
        close_connections_of(pool)
    for turns in (_files, *(lane.turns for lane in lanes.ALL)):
        turns.each_thread(connections.close_all)
