"""Connections to PostgreSQL that a thread keeps open, and that may have died meanwhile.

A server that restarts, a pooler or a firewall ends them while nobody looks. Django finds that out
at the beginning of a request, and the threads of the chat have none.
"""

import select
import threading
import time
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections

if TYPE_CHECKING:
    from psycopg import Connection

IDLE = 5.0
"""Seconds without use after which the server is asked whether it is still there. Until then it is
enough that the connection has said nothing: a server that goes says so."""

ENDED = ("57P01", "57P02", "57P05", "25P03")
"""PostgreSQL's codes for connections that an administrator, a crash or an idle timeout ended
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

_last_use = threading.local()  # as connections are


def drop_dead() -> None:
    """Closes this thread's connection if it has died, so that the next query opens another.

    Costs a microsecond in a connection that was just used, and else a query that asks nothing.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return
    now = time.monotonic()
    was_used = now - getattr(_last_use, "at", 0.0) < IDLE
    _last_use.at = now
    if connection.connection is None or (was_used and _is_silent(connection.connection)):
        return
    if not connection.is_usable():
        connection.close()


def was_ended(error: BaseException) -> bool:
    """Whether the server ended the connection, and said so, before it did what it was asked."""
    return getattr(error.__cause__, "sqlstate", None) in ENDED


def _is_silent(driver: "Connection[Any]") -> bool:
    """Whether nothing has come that nobody asked for, as the end of a connection is."""
    if driver.closed:
        return False
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    return not poll.poll(0)
