"""The one bridge from the event loop into threads that talk to the database.

Not Channels' ``database_sync_to_async``: by default it runs everything of a process in one
shared thread, where one slow query stalls every socket. Here a bounded pool keeps its
connections open, since opening one costs more than most of the queries.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import Error, connections

FILE_THREADS = 2
"""A picture of the greatest size takes seconds and some hundred MB: few at once, and never in the
threads that answer everyone else."""

P = ParamSpec("P")
R = TypeVar("R")

_readers = ThreadPoolExecutor(settings.DB_THREADS, thread_name_prefix="database")
_writer = ThreadPoolExecutor(1, thread_name_prefix="log")
_files = ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="files")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs work that asks the database, and returns or raises what it does."""
    return await _run(_readers, work, *args, **kwargs)


async def in_log_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The same in the one thread that writes to the rooms' logs, in the order of the calls."""
    return await _run(_writer, work, *args, **kwargs)


async def in_file_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The same for work on files that people upload, which takes long."""
    return await _run(_files, work, *args, **kwargs)


def in_file_thread_later(work: Callable[[], None]) -> None:
    """Has such work done without waiting for it; it must not raise."""
    _files.submit(_with_working_connection, work)


async def _run(
    pool: ThreadPoolExecutor, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    job = partial(_with_working_connection, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, job)


def _with_working_connection(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return work(*args, **kwargs)
    except Error:
        # The server may have gone away: the thread's next work opens a new connection.
        connections.close_all()
        raise


def close_connections() -> None:
    """Closes the connections of all idle threads, so that a test database can be dropped."""
    for pool in (_readers, _writer, _files):
        jobs = [pool.submit(connections.close_all) for _ in range(pool._max_workers)]
        for job in jobs:
            job.result()
