"""Connections that a thread keeps open, and that may have died meanwhile.

A server that restarts, a pooler or a firewall ends them while nobody looks. Django finds that out
at the beginning of a request, and the threads of the chat have none. One to a file of SQLite goes
on with the file that it opened, whatever has been put in its place.
"""

import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections

from mediachat.databases import file_id

if TYPE_CHECKING:
    from psycopg import Connection

IDLE = 5.0
"""Seconds without use after which the server is asked whether it is still there. Until then it is
enough that the connection has said nothing: a server that goes says so."""

ENDED = ("57P01", "57P02", "57P05", "25P03")
"""PostgreSQL's codes for connections that an administrator, a crash or an idle timeout ended
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

_thread = threading.local()  # as connections are


def drop_dead() -> None:
    """Closes this thread's connection if it has died, so that the next query opens another.

    Costs a microsecond in a connection that was just used, and else a query that asks nothing.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        return
    if connection.vendor == "postgresql":
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
    """Whether SQLite's file is not the one that it was when this was asked before."""
    file = file_id(config)
    before = getattr(_thread, "file", None)
    _thread.file = file or before
    return None not in (file, before) and file != before


@dataclass
class Answer:
    """Whether the database has answered anything yet."""

    has_come: bool = False

    def note(self, execute: Callable[..., Any], *asked: Any) -> Any:
        """Has a statement executed (django.db.connection.execute_wrappers)."""
        answer = execute(*asked)
        self.has_come = True
        return answer


@contextmanager
def first_answer() -> Iterator[Answer]:
    """Tells of what is asked over this thread's connection in here whether any was answered."""
    answer = Answer()
    wrappers = connections[DEFAULT_DB_ALIAS].execute_wrappers
    wrappers.append(answer.note)
    try:
        yield answer
    finally:
        wrappers.remove(answer.note)


def was_ended(error: BaseException | None) -> bool:
    """Whether the server ended the connection, and said so, before it did what it was asked."""
    while error is not None:
        if getattr(error, "sqlstate", None) in ENDED:
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_silent(driver: "Connection[Any]") -> bool:
    """Whether nothing has come that nobody asked for, as the end of a connection is."""
    if driver.closed:
        return False
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    return not poll.poll(0)
