"""Leaves the database after each test as the migrations left it.

Where a test's transactions are real, or there are none to roll back, Django empties every table
after it and makes permissions and content types again: a hundred writes, where most tests make
five.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection, transaction
from django.test import TransactionTestCase
from pymongo import monitoring

from chat.moderation import audit_triggers

WRITES = ("insert", "update", "delete", "findAndModify")


@contextmanager
def as_migrated() -> Iterator[None]:
    """Clears up after each test in here; the database holds what it is to hold again."""
    clear_up = _of_collections() if connection.vendor == "mongodb" else _of_tables()
    with patch.object(TransactionTestCase, "_fixture_teardown", lambda case: clear_up()):
        yield


# -- MongoDB ----------------------------------------------------------------------------------


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


def _of_collections() -> Callable[[], None]:
    database: Any = connection.database  # type: ignore[attr-defined]
    before = {name: list(database[name].find()) for name in database.list_collection_names()}

    def clear_up() -> None:
        for name in sorted(written.collections):
            database[name].delete_many({})
            if rows := before.get(name):
                database[name].insert_many(rows)
        written.collections.clear()

    written.collections.clear()
    return clear_up


# -- SQLite and PostgreSQL --------------------------------------------------------------------


def _of_tables() -> Callable[[], None]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        before = {table: _rows(cursor, table) for table in tables}

    def clear_up() -> None:
        # Constraints are looked at when it commits, so that no order of the tables matters.
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in before.items():
                if table == audit_triggers.TABLE:
                    _empty_audit_log(cursor)
                elif not rows:
                    cursor.execute(f"DELETE FROM {table}")
                elif _rows(cursor, table) != rows:
                    cursor.execute(f"DELETE FROM {table}")
                    places = ", ".join(["%s"] * len(rows[0]))
                    cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)

    return clear_up


def _rows(cursor: Any, table: str) -> list[tuple[Any, ...]]:
    cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
    return list(cursor.fetchall())


def _empty_audit_log(cursor: Any) -> None:
    """Past the triggers, which refuse that its rows are deleted."""
    table = audit_triggers.TABLE
    cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
    if cursor.fetchone() is None:
        return
    if connection.vendor == "postgresql":
        cursor.execute(f"TRUNCATE {table}")
        return
    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_delete")
    cursor.execute(f"DELETE FROM {table}")
    audit_triggers.install("default")
