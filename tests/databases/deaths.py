"""Dies before a chosen write, as a process does that is killed there.

Where the database has transactions, what the transaction wrote before is taken back; on MongoDB
it stays, and of several documents written at once any first part may stay.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.backends.utils import CursorWrapper

WRITE = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "LOCK")
"""How statements begin that write, or that prepare others in the same breath."""
COMMANDS = {
    *("insert", "update", "delete", "findAndModify"),
    *("create", "drop", "createIndexes", "dropIndexes", "renameCollection"),
}
"""MongoDB's commands that write."""


class DeathError(BaseException):
    """Not an ``Exception``: nothing that handles errors gets to handle this."""


class Writes:
    """Counts writes, and does something before the one whose turn it is."""

    def __init__(self, last: int | None, act: Callable[[], None] | None = None) -> None:
        self.done = 0
        self.died = False
        self._last = last
        self._act = act

    def allowed(self, wanted: int) -> int:
        """How many of the next writes there are before the end; marks them done."""
        left = wanted if self._last is None else max(0, self._last - self.done)
        if left < wanted and self._act:
            self._last = None
            self._act()
            left = wanted
        self.died |= left < wanted
        self.done += min(wanted, left)
        return min(wanted, left)


@contextmanager
def dying_after(last: int | None) -> Iterator[Writes]:
    """Everything in here is written up to this many writes; None counts them."""
    with _watched(Writes(last)) as writes:
        yield writes


@contextmanager
def doing_after(last: int, act: Callable[[], None]) -> Iterator[Writes]:
    """Everything in here is written, and after this many writes something else is done first."""
    with _watched(Writes(last, act)) as writes:
        yield writes


@contextmanager
def _watched(writes: Writes) -> Iterator[Writes]:
    with (_dying_mongodb if connection.vendor == "mongodb" else _dying_sql)(writes):
        yield writes


@contextmanager
def _dying_sql(writes: Writes) -> Iterator[None]:
    """Each statement is one write, and each row of what is stored with one statement for many."""
    execute, execute_many = CursorWrapper.execute, CursorWrapper.executemany

    def one(self: Any, sql: str, params: Any = None) -> Any:
        if sql.startswith(WRITE) and not writes.allowed(1):
            raise DeathError
        return execute(self, sql, params)

    def many(self: Any, sql: str, param_list: Any) -> Any:
        rows = list(param_list)
        allowed = writes.allowed(len(rows))
        if allowed:
            execute_many(self, sql, rows[:allowed])
        if allowed < len(rows):
            raise DeathError

    with (
        patch.object(CursorWrapper, "execute", one),
        patch.object(CursorWrapper, "executemany", many),
    ):
        yield


@contextmanager
def _dying_mongodb(writes: Writes) -> Iterator[None]:
    """Each command that writes is one write, and each document of what is stored at once."""
    from pymongo.synchronous.bulk import _Bulk
    from pymongo.synchronous.pool import Connection

    command, batch = Connection.command, _Bulk._execute_batch

    def one(self: Any, database: str, spec: Any, *args: Any, **kwargs: Any) -> Any:
        if next(iter(spec)) in COMMANDS and not writes.allowed(1):
            raise DeathError
        return command(self, database, spec, *args, **kwargs)

    def many(self: Any, context: Any, spec: Any, some: Iterable[Any], client: Any) -> Any:
        documents = list(some)
        allowed = writes.allowed(len(documents))
        if allowed == len(documents):
            return batch(self, context, spec, documents, client)
        if allowed:
            batch(self, context, spec, documents[:allowed], client)
        raise DeathError

    with patch.object(Connection, "command", one), patch.object(_Bulk, "_execute_batch", many):
        yield
