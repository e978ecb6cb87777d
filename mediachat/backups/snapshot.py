"""Copies the database at one moment into a SQLite file, whichever database is in use.

The format is the same for all three, so that a backup can be restored into any of them.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models import Max

from mediachat.backups import BackupError
from mediachat.databases import capabilities, copy_database
from mediachat.progress import Progress

_STEPS = 100_000
"""Steps of SQLite after which it is asked how far it is."""


def take(path: Path, progress: Progress) -> None:
    """Writes this installation's database into a new file, while others write to the database.

    Raises:
        BackupError, DatabaseError, OSError: it could not be read, or the disk is full.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if capabilities.of(database).is_a_file:
        _vacuum(database.settings_dict["NAME"], path, progress)
    else:
        _copy(path, progress)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _vacuum(database: str, path: Path, progress: Progress) -> None:
    """Uses SQLite's own copy: it reads one moment of the write-ahead log in one pass, where
    ``.backup`` restarts with every message that another process stores.
    """
    with closing(sqlite3.connect(database, isolation_level=None, timeout=60)) as source:
        (pages,) = source.execute("PRAGMA page_count").fetchone()
        (size,) = source.execute("PRAGMA page_size").fetchone()

        def tell() -> None:
            if path.exists():
                progress("database (bytes)", min(path.stat().st_size, pages * size), pages * size)

        source.set_progress_handler(tell, _STEPS)
        try:
            source.execute("VACUUM INTO ?", [str(path)])
        except sqlite3.Error as error:
            raise BackupError(f"SQLite says: {error}.") from error


# -- PostgreSQL and MongoDB -----------------------------------------------------------------------


def _copy(path: Path, progress: Progress) -> None:
    source, target = DEFAULT_DB_ALIAS, copy_database.connect("snapshot", f"sqlite:///{path}")
    try:
        with connections[target].cursor() as cursor:
            # An incomplete file is discarded, so nothing has to survive a crash.
            cursor.execute("PRAGMA journal_mode=MEMORY")
            cursor.execute("PRAGMA synchronous=OFF")
        copy_database.make_tables(target)
        connections[target].disable_constraint_checking()
        with _one_moment(source):
            _copy_tables(source, target, progress)
        _forget_what_is_gone(target)
    finally:
        connections[target].close()


@contextmanager
def _one_moment(alias: str) -> Iterator[None]:
    """Makes all reads inside see one moment, on PostgreSQL."""
    if not capabilities.of(connections[alias]).reads_one_moment:
        yield
        return
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Writing the rows may take longer than a server's transaction may be idle.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET LOCAL lock_timeout = 0")
        yield


def _copy_tables(source: str, target: str, progress: Progress) -> None:
    message: Any = apps.get_model("chat", "Message")
    for model in reading_order():
        heads = _heads(source) if model is message else {}
        total, done = copy_database.rows_of(model, source).count(), 0
        for batch in _batches(model, source):
            rows: list[Any] = batch
            done += len(rows)
            if model is message:
                rows = [row for row in rows if row.number <= heads.get(row.room_id, 0)]
            _insert(model, rows, target)
            progress(model._meta.db_table, done, max(done, total))


def _batches(model: copy_database.Model, alias: str) -> Iterator[list[models.Model]]:
    if not capabilities.of(connections[alias]).reads_one_moment:
        # Keep no cursor open for long: MongoDB closes it after half an hour.
        yield from copy_database.batches(model, alias, copy_database.BATCH)
        return
    # In one transaction one cursor reads a table from beginning to end, which costs the database a
    # tenth of looking up each page in an index.
    rows = copy_database.rows_of(model, alias).iterator(chunk_size=copy_database.BATCH)
    while batch := list(islice(rows, copy_database.BATCH)):
        yield batch


def _insert(model: copy_database.Model, rows: list[models.Model], alias: str) -> None:
    """Inserts rows unchanged, with one prepared statement.

    A row that was deleted and created again meanwhile is read twice, under two keys; one is kept.
    """
    target, fields = connections[alias], model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), target) for field in fields]
        for row in rows
    ]
    with transaction.atomic(using=alias), target.cursor() as cursor:
        cursor.executemany(
            f'INSERT OR IGNORE INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})',  # noqa: S608
            values,
        )


def reading_order() -> list[copy_database.Model]:
    """Orders the tables so that each comes before those that it refers to.

    MongoDB has no snapshot for long reads. So rows that refer to others are read first: those that
    they refer to were written earlier, and still exist or were deleted together with them. Each
    action orders its writes so that a part of them is harmless (docs/DATABASES.md), and this order
    finds nothing else.

    Messages name their files, and every table that names a message is read before messages; so they
    come before the files, and after all tables with read positions. Only messages that existed when
    the first was read are copied: there are no gaps, since none is ever deleted.
    """
    late = [apps.get_model("chat", name) for name in ("Message", "Attachment")]
    order = [model for model in reversed(copy_database.tables()) if model not in late]
    first = min(
        order.index(field.related_model)
        for field in late[0]._meta.concrete_fields
        if field.related_model
    )
    return [*order[:first], *late, *order[first:]]


def _heads(alias: str) -> dict[object, int]:
    """Returns the newest number of each room."""
    messages = copy_database.rows_of(apps.get_model("chat", "Message"), alias)
    return dict(messages.order_by().values_list("room_id").annotate(Max("number")))


def _forget_what_is_gone(alias: str) -> None:
    """Applies the database's rule for deleted rows to rows that were read earlier: clears the field
    that refers to one, or deletes the row if the field cannot be empty.
    """
    with connections[alias].cursor() as cursor:
        while lost := cursor.execute("PRAGMA foreign_key_check").fetchall():
            for table, row, _, key in lost:
                keys = cursor.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
                field = next(field for id, _, _, field, *_ in keys if id == key)
                fields = cursor.execute(f'PRAGMA table_info("{table}")').fetchall()
                if any(name == field and required for _, name, _, required, *_ in fields):
                    cursor.execute(f'DELETE FROM "{table}" WHERE rowid = %s', [row])  # noqa: S608
                else:
                    cursor.execute(f'UPDATE "{table}" SET "{field}" = NULL WHERE rowid = %s', [row])  # noqa: S608
