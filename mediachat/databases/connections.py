"""Replaces connections that a thread keeps open and that have died.

A server that restarts, a pooler or a firewall ends idle connections. Django notices that at the
beginning of a request, and the threads of the chat have none. A connection to SQLite keeps the file
that it opened, even if that was replaced.
"""

import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections

from mediachat.databases import capabilities
from mediachat.databases.urls import file_id

if TYPE_CHECKING:
    from psycopg import Connection

IDLE = 5.0
"""Seconds without use after which the server is asked whether it is still there. Until then it is
enough that the connection has said nothing: a server that goes says so."""

ENDED = ("57P01", "57P02", "57P05", "25P03")
"""PostgreSQL's codes for connections that an administrator, a crash or an idle timeout ended
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

AT_ONCE = 1.0
"""Seconds in which a connection was lost, if its work is to be done again: nobody waits twice for a
server that does not answer."""


_thread = threading.local()  # as connections are


def drop_dead() -> None:
    """Closes this thread's connection if it has died, so that the next query opens a new one.

    Costs a microsecond for a connection that was just used, and otherwise a trivial query.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        return
    if capabilities.of(connection).loses_connections:
        is_dead = connection.connection is not None and not (
            (_was_used() and _is_silent(connection.connection)) or connection.is_usable()
        )
    else:
        is_dead = _has_another_file(connection.settings_dict)
    if is_dead:
        connection.close()


def _was_used() -> bool:
    now = time.monotonic()
    last, _thread.used_at = getattr(_thread, "used_at", 0.0), now
    return bool(now - last < IDLE)


def _has_another_file(config: Mapping[str, Any]) -> bool:
    """Returns whether SQLite's file has been replaced since the last check."""
    file = file_id(config)
    before = getattr(_thread, "file", None)
    _thread.file = file or before
    return None not in (file, before) and file != before


@dataclass
class Asked:
    """What a piece of work has asked the database over this thread's connection."""

    began: float = field(default_factory=time.monotonic)
    anything: bool = False
    was_answered: bool = False
    wrote: bool = False
    """Whether it asked for more than to read. What it wrote in a transaction is undone when the
    connection is lost, but nobody can tell whether the end of the transaction arrived."""

    def note(
        self, execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: Any
    ) -> Any:
        """Records an executed statement (django.db.connection.execute_wrappers)."""
        self.anything = True
        self.wrote = self.wrote or not str(sql).startswith("SELECT")
        answer = execute(sql, parameters, many, context)
        self.was_answered = True
        return answer

    def can_be_done_again(self, error: BaseException) -> bool:
        """Returns whether work that ended with this error lost its connection before it did
        anything.
        """
        if not self.was_answered and was_ended(error):
            return True
        return (
            self.anything
            and not self.wrote
            and _is_lost()
            and time.monotonic() - self.began < AT_ONCE
        )


@contextmanager
def asking() -> Iterator[Asked]:
    """Tells what is asked over this thread's connection in here."""
    asked = Asked()
    wrappers = connections[DEFAULT_DB_ALIAS].execute_wrappers
    wrappers.append(asked.note)
    try:
        yield asked
    finally:
        wrappers.remove(asked.note)


def was_ended(error: BaseException | None) -> bool:
    """Returns whether the server announced that it closed the connection, before it ran
    the query.
    """
    while error is not None:
        if getattr(error, "sqlstate", None) in ENDED:
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_lost() -> bool:
    """Returns whether this thread has lost its connection to PostgreSQL."""
    connection = connections[DEFAULT_DB_ALIAS]
    return capabilities.of(connection).loses_connections and (
        connection.connection is None or bool(connection.connection.closed)
    )


def _is_silent(driver: "Connection[Any]") -> bool:
    """Returns whether nothing unrequested has arrived, such as the end of the connection."""
    if driver.closed:
        return False
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    return not poll.poll(0)
