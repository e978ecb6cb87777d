"""Copies a whole installation from one database to another.

Copies row by row through the ORM, so that each database stores them its own way; in the order of
primary keys and in batches, so that memory stays bounded. A checkpoint in the target says which
copy it belongs to, so that a killed copy can continue.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connections, models, transaction
from django.db.migrations.executor import MigrationExecutor

from mediachat.databases import capabilities
from mediachat.databases.urls import database
from mediachat.progress import Progress

BATCH = 500
ATTEMPTS = 20
MADE_AT_FIRST = ("contenttypes.ContentType", "auth.Permission", "auth.Group", "chat.History")
"""What migrations and the first start put into an empty database; the source's take their place."""

Model = type[models.Model]


class CopyError(Exception):
    """The copy cannot be made; the message says why, and what to do."""


class CopyCheckpoint(models.Model):
    """The checkpoint in the target of a copy. Its table is dropped when the copy is complete."""

    source = models.CharField(primary_key=True, max_length=64, db_column="_id")
    ready = models.BooleanField(default=False)
    """Whether what migrations made has been cleared away."""

    class Meta:
        app_label = "mediachat"
        db_table = "mediachat_copy"
        managed = False

    def __str__(self) -> str:
        return "Copy under way"


def is_half_copied(alias: str) -> bool:
    """Returns whether a copy to this database has begun and is not finished."""
    return CopyCheckpoint._meta.db_table in connections[alias].introspection.table_names()


def connect(alias: str, url: str) -> str:
    """Adds a database beside that of the settings; returns the alias.

    Raises:
        ImproperlyConfigured: the address is wrong.
    """
    configured = connections.configure_settings(
        {"default": connections.settings["default"], alias: database(url)}
    )
    connections.settings[alias] = configured[alias]
    return alias


# -- The copy ----------------------------------------------------------------------------------


@dataclass
class Copy:
    """A copy to another database, which must be empty or hold the first part of the same copy."""

    source: str
    target: str
    fingerprint: str
    """Which source it is, so that a copy goes on from no other."""
    batch: int = BATCH
    left_out: tuple[str, ...] = ()
    """Tables that are neither copied nor compared, as app.Model."""
    advice: str = (
        "If the server was running on the source, stop it, and copy to an empty database again."
    )
    """What to do when the two differ in the end."""

    @classmethod
    def between(cls, source_url: str, target_url: str, *, batch: int = BATCH) -> "Copy":
        here, there = _place(source_url), _place(target_url)
        if here == there:
            raise CopyError("Source and target are the same database.")
        fingerprint = hashlib.sha256(repr(here).encode()).hexdigest()
        source, target = connect("source", source_url), connect("target", target_url)
        return cls(source, target, fingerprint, batch)

    def run(self, progress: Progress) -> list[str]:
        """Copies everything and compares; yields a line about each table.

        Raises:
            CopyError: source or target cannot be used, or they differ at the end.
        """
        report = self.fill(progress)
        self.finish()
        return report

    def fill(self, progress: Progress) -> list[str]:
        """Does the same as ``run``, but leaves the target marked as incomplete, because a step
        follows.
        """
        self._check_source()
        self._prepare()
        for model in self._tables():
            self._copy(model, progress)
        self._set_counters()
        return self._compare()

    def finish(self) -> None:
        """Marks the target as complete, so that it can be served."""
        with connections[self.target].schema_editor() as editor:
            editor.delete_model(CopyCheckpoint)

    def _tables(self) -> list[Model]:
        return [model for model in tables() if model._meta.label not in self.left_out]

    def _check_source(self) -> None:
        if is_half_copied(self.source):
            raise CopyError("The source is itself a copy that was never finished.")
        executor = MigrationExecutor(connections[self.source])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CopyError(
                "The source has not been prepared for this version of Media Chat. Start the "
                "server on it once (make run or make serve), stop it, and copy again."
            )

    def claim(self) -> None:
        """Records in the target that it belongs to this copy, so that no server starts there.

        Raises:
            CopyError: the target is not empty, or holds a part of another copy.
        """
        if not is_half_copied(self.target):
            check_empty(self.target)
            with connections[self.target].schema_editor() as editor:
                editor.create_model(CopyCheckpoint)
            self._notes.create(source=self.fingerprint)
        note = self._notes.first()
        if note is None:  # it died before it wrote the checkpoint, so before anything else
            note = self._notes.create(source=self.fingerprint)
        if note.source != self.fingerprint:
            raise CopyError(
                "The target holds part of a copy from another source. Empty it, or name that "
                "source again."
            )

    def _prepare(self) -> None:
        self.claim()
        if not self._notes.get().ready:
            make_tables(self.target)
            self._notes.update(ready=True)

    @property
    def _notes(self) -> Any:
        return rows_of(CopyCheckpoint, self.target)

    def _copy(self, model: Model, progress: Progress) -> None:
        source = rows_of(model, self.source)
        last = _last(model, self.target)
        total = source.count()
        done = source.filter(pk__lte=last).count() if last is not None else 0
        name = model._meta.db_table
        progress(name, done, total)
        for rows in batches(model, self.source, self.batch, after=last):
            self._insert(model, rows)
            done += len(rows)
            progress(name, done, total)

    def _insert(self, model: Model, rows: list[models.Model]) -> None:
        for patience in range(ATTEMPTS, -1, -1):
            try:
                _insert(model, rows, self.target)
                return
            except IntegrityError:
                # A killed copy's last batch may still be running in the target's server. It has
                # written the first part of the batch: rows go in in order.
                if not patience:
                    raise
                time.sleep(1)
                last = _last(model, self.target)
                rows = [row for row in rows if last is None or row.pk > last]

    def _set_counters(self) -> None:
        """Makes PostgreSQL count ids on from the copied ones."""
        from django.core.management.color import no_style

        target = connections[self.target]
        statements = target.ops.sequence_reset_sql(no_style(), tables())
        if statements and capabilities.of(target).counts_by_sequences:
            with target.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def _compare(self) -> list[str]:
        report, differ = [], []
        for model in self._tables():
            here, there = (
                checksum(model, alias, batch=self.batch) for alias in (self.source, self.target)
            )
            name = model._meta.db_table
            report.append(f"{name:40} {there.rows:>10,} rows  {there.sum[:16]}")
            if here != there:
                differ.append(f"{name} ({here.rows:,} and {there.rows:,} rows)")
        if differ:
            raise CopyError(f"Source and target differ in {', '.join(differ)}. {self.advice}")
        return report


def make_tables(alias: str) -> None:
    """Migrates an empty database, and removes the rows that this creates."""
    call_command("migrate", database=alias, interactive=False, verbosity=0)
    for name in reversed(MADE_AT_FIRST):
        model = apps.get_model(name)
        for each in (*_links(model), model):
            rows_of(each, alias)._raw_delete(alias)


def check_empty(alias: str) -> None:
    """Refuses a database that holds more rows than migrations and a first start create.

    Raises:
        CopyError: names the first such row.
    """
    there = set(connections[alias].introspection.table_names())
    made = {apps.get_model(name) for name in MADE_AT_FIRST}
    made |= {link for model in made for link in _links(model)}
    for model in tables():
        if model in made or model._meta.db_table not in there:
            continue
        if rows_of(model, alias).exists():
            raise CopyError(
                f"The target is not empty: it has {model._meta.verbose_name_plural}. Name an "
                "empty database."
            )


def tables() -> list[Model]:
    """Returns every model with a table of its own, each after those that it refers to."""
    ordered: dict[Model, None] = {}

    def visit(model: Model) -> None:
        if model in ordered or not model._meta.managed or model._meta.proxy:
            return
        for field in model._meta.concrete_fields:
            if field.related_model and field.related_model is not model:
                visit(field.related_model)
        ordered[model] = None

    for model in apps.get_models(include_auto_created=True):
        visit(model)
    return list(ordered)


# -- Rows --------------------------------------------------------------------------------------


def _links(model: Model) -> list[Any]:
    """Returns the tables of this model's many-to-many relations."""
    return [field.remote_field.through for field in model._meta.local_many_to_many]


def rows_of(model: Model, alias: str) -> Any:
    """Returns all rows of a table in this database, bypassing the model's managers."""
    return models.QuerySet(model, using=alias)


def _insert(model: Model, rows: list[models.Model], alias: str) -> None:
    """Inserts rows unchanged, where a save would set their creation time."""
    fields = model._meta.concrete_fields
    step = max(1, connections[alias].ops.bulk_batch_size(fields, rows))
    with transaction.atomic(using=alias):
        for first in range(0, len(rows), step):
            rows_of(model, alias)._insert(
                rows[first : first + step],
                fields=fields,
                using=alias,
                raw=True,
            )


def _last(model: Model, alias: str) -> Any:
    """Returns the greatest primary key, up to which this table has been copied; None if it is
    empty.
    """
    return rows_of(model, alias).order_by("-pk").values_list("pk", flat=True).first()


def batches(
    model: Model, alias: str, size: int, *, after: Any = None
) -> Iterator[list[models.Model]]:
    """Yields the rows in the order of primary keys, in batches of the given size."""
    rows = rows_of(model, alias).order_by("pk")
    batch = list(rows.filter(pk__gt=after)[:size] if after is not None else rows[:size])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:size])


@dataclass(frozen=True)
class Checksum:
    """The number of rows, and a sum that does not depend on their order."""

    rows: int
    sum: str


def checksum(model: Model, alias: str, *, batch: int = BATCH) -> Checksum:
    """Computes a value that is equal for two databases exactly if they hold the same rows."""
    count = total = 0
    for rows in batches(model, alias, batch):
        for row in rows:
            count += 1
            total += int.from_bytes(hashlib.sha256(canonical(row).encode()).digest(), "big")
    return Checksum(count, f"{total % 2**256:064x}")


def canonical(row: models.Model) -> str:
    """Returns a row as text that is the same for every database."""
    values = {
        field.attname: _comparable(getattr(row, field.attname))
        for field in row._meta.concrete_fields
    }
    return json.dumps(values, sort_keys=True, cls=DjangoJSONEncoder)


def _comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        # MongoDB stores milliseconds.
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, models.fields.files.FieldFile):
        return value.name
    return value


def _place(url: str) -> tuple[str, str]:
    """Identifies a database by its address without the user and the options."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2], parts.path
