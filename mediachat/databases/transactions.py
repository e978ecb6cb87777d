"""Retries transactions that the database aborted through no fault of their own."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from django.db import Error, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from mediachat.databases import capabilities

TRYING = 10.0
"""Seconds for which a transaction that gave way to another is retried."""
PAUSE = 0.05
"""The most seconds before that, so that two do not meet again and again."""
GAVE_WAY = ("40P01", "40001")
"""PostgreSQL's codes for a deadlock that it ended and for a serialization that failed
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
NOT_LOCKED = "55P03"
"""The code for a lock that was not to be had within ``lock_timeout``."""

P = ParamSpec("P")
T = TypeVar("T")


def retried(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs this work again from its beginning if the database rolled its transaction back in favour
    of another.

    Does not retry inside a larger transaction: its locks would still be held, and the other
    transaction waits for them. The error propagates to the code that began the outer one.

    Raises:
        OperationalError: it failed for ``TRYING`` seconds, or for another reason.
    """
    if connection.in_atomic_block:
        return work(*args, **kwargs)
    deadline = time.monotonic() + TRYING
    while True:
        try:
            return work(*args, **kwargs)
        except OperationalError as error:
            if not gave_way(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0, PAUSE))  # noqa: S311


def gave_way(error: BaseException) -> bool:
    """Returns whether the database aborted a transaction to resolve a deadlock or a conflict."""
    return _code(error) in GAVE_WAY


def was_not_locked(error: BaseException) -> bool:
    """Returns whether another session held a lock for longer than this one waits."""
    return _code(error) == NOT_LOCKED


@contextmanager
def lock_timeout(milliseconds: int) -> Iterator[None]:
    """Waits at most this long for each lock inside, on PostgreSQL."""
    if not capabilities.of(connection).limits_waiting:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [str(milliseconds)])
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        except Error:
            connection.close()  # the next one begins with the values of the settings


def wait_patiently(using: str) -> None:
    """Disables the lock and idle timeouts on this connection."""
    if capabilities.of(connections[using]).limits_waiting:
        with connections[using].cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")


@contextmanager
def unhurried() -> Iterator[None]:
    """Disables idle timeouts of this process's connections inside: a command may spend long in
    another database, in files or in the archive.
    """
    for each in connections.all(initialized_only=True):
        if each.connection is not None:
            _stay(each)
    connection_created.connect(_on_created)
    try:
        yield
    finally:
        connection_created.disconnect(_on_created)


def _on_created(connection: BaseDatabaseWrapper, **_: object) -> None:
    _stay(connection)


def _stay(connection: BaseDatabaseWrapper) -> None:
    if capabilities.of(connection).limits_waiting:
        with connection.cursor() as cursor:
            # PostgreSQL has this since version 14.
            cursor.execute(
                "SELECT set_config(name, '0', false) FROM pg_settings "
                "WHERE name = 'idle_session_timeout'"
            )


def _code(error: BaseException) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
