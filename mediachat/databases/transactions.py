"""Transactions that the database breaks off through no fault of their own, and does again."""

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
"""Seconds for which a transaction is done again that had to give way to another."""
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
    """Does this work again from its beginning when the database rolled its transaction back in
    favour of another.

    Nothing is done again inside of a larger transaction: its locks would still be held, which is
    what the other one waits for. The error goes through it to whoever began that one.

    Raises:
        OperationalError: it gave way for ``TRYING`` seconds, or failed for another reason.
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
    """Whether this ended a transaction to resolve a deadlock or to keep others whole."""
    return _code(error) in GAVE_WAY


def was_not_locked(error: BaseException) -> bool:
    """Whether another session held a lock for longer than this one waits."""
    return _code(error) == NOT_LOCKED


@contextmanager
def lock_timeout(milliseconds: int) -> Iterator[None]:
    """Waits at most this long for each lock in here, on PostgreSQL."""
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
            connection.close()  # the next one begins with what the settings say


def wait_patiently(using: str) -> None:
    """Waits for locks without end on this connection, and may stand still with what it holds."""
    if capabilities.of(connections[using]).limits_waiting:
        with connections[using].cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")


@contextmanager
def unhurried() -> Iterator[None]:
    """Lets no connection of this process end in here because it is not used for a while: the work
    of a command may be in another database, in files or in the archive."""
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
            # PostgreSQL has it since version 14.
            cursor.execute(
                "SELECT set_config(name, '0', false) FROM pg_settings "
                "WHERE name = 'idle_session_timeout'"
            )


def _code(error: BaseException) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
