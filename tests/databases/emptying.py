"""Leaves MongoDB after each test as the migrations left it.

Where there are no transactions to roll back, Django empties every collection after every test and
makes permissions and content types anew: a hundred writes, and most tests write five.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.test import TransactionTestCase
from pymongo import monitoring

WRITES = ("insert", "update", "delete", "findAndModify")


class Written(monitoring.CommandListener):
    """The collections of the database under test that have been written to."""

    def __init__(self) -> None:
        self.collections: set[str] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in WRITES and event.database_name == connection.settings_dict["NAME"]:
            self.collections.add(event.command[event.command_name])

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


written = Written()


@contextmanager
def only_what_was_written() -> Iterator[None]:
    """Clears up after each test in here; the database holds what it is to hold again."""
    database: Any = connection.database  # type: ignore[attr-defined]
    before = {name: list(database[name].find()) for name in database.list_collection_names()}

    def clear_up(case: TransactionTestCase) -> None:
        for name in sorted(written.collections):
            database[name].delete_many({})
            if rows := before.get(name):
                database[name].insert_many(rows)
        written.collections.clear()

    written.collections.clear()
    with patch.object(TransactionTestCase, "_fixture_teardown", clear_up):
        yield
