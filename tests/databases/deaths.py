"""Dies before a chosen write, as a process does that is killed there.

Where the database has transactions, what the transaction wrote before is taken back; on MongoDB
it stays, and of several documents written at once any first part may stay.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection


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

    def compiler(name: str) -> Any:
        return connection.ops.compiler(name)

    insert, update, delete = (
        compiler(f"SQL{name}Compiler") for name in ("Insert", "Update", "Delete")
    )
    with (
        patch.object(insert, "execute_sql", many(insert.execute_sql)),
        patch.object(update, "execute_sql", one(update.execute_sql)),
        patch.object(delete, "execute_sql", one(delete.execute_sql)),
    ):
        yield writes
