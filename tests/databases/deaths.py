"""Dies before a chosen write, as a process does that is killed there.

Where the database has transactions, what the transaction wrote before is taken back; on MongoDB
it stays, and of several documents written at once any first part may stay.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.backends.utils import CursorWrapper

WRITE = ("INSERT", "UPDATE", "DELETE")


class DeathError(BaseException):
    """Not an ``Exception``: nothing that handles errors gets to handle this."""


class Writes:
    """Counts writes, and dies before the one whose turn it is."""

    def __init__(self, last: int | None) -> None:
        self.done = 0
        self._last = last

    def allowed(self, wanted: int) -> int:
        """How many of the next writes there are before the end; marks them done."""
        left = wanted if self._last is None else max(0, self._last - self.done)
        self.done += min(wanted, left)
        return min(wanted, left)


@contextmanager
def dying_after(last: int | None) -> Iterator[Writes]:
    """Everything in here is written up to this many writes; None counts them."""
    writes = Writes(last)
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
    from mediachat.mongodb.compiler import SQLDeleteCompiler, SQLInsertCompiler, SQLUpdateCompiler

    def one(original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(compiler: Any, *args: Any, **kwargs: Any) -> Any:
            if not writes.allowed(1):
                raise DeathError
            return original(compiler, *args, **kwargs)

        return execute

    def many(original: Callable[..., Any]) -> Callable[..., Any]:
        def insert(compiler: Any, *args: Any, **kwargs: Any) -> Any:
            wanted = len(compiler.query.objs)
            allowed = writes.allowed(wanted)
            if allowed == wanted:
                return original(compiler, *args, **kwargs)
            if allowed:
                compiler.query.objs = compiler.query.objs[:allowed]
                original(compiler, *args, **kwargs)
            raise DeathError

        return insert

    insert, update, delete = SQLInsertCompiler, SQLUpdateCompiler, SQLDeleteCompiler
    with (
        patch.object(insert, "execute_sql", many(insert.execute_sql)),
        patch.object(update, "execute_sql", one(update.execute_sql)),
        patch.object(delete, "execute_sql", one(delete.execute_sql)),
    ):
        yield
