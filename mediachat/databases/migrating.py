"""Makes migrations safe to kill, and safe to run on two machines at the same time.

Django runs a migration in one transaction and often records it in another: if a start is killed
between them, the migration can never be run again. Here both are one transaction. Migrations
without one, which are all on MongoDB and our non-atomic ones, consist of repeatable steps.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, transaction
from django.db.migrations import AddField
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration

from mediachat.databases import capabilities


class Executor(MigrationExecutor):
    """Runs each migration completely, and once."""

    def migrate(self, targets: Any, plan: Any = None, *args: Any, **kwargs: Any) -> Any:
        if plan != []:
            self._make_record()
        return super().migrate(targets, plan, *args, **kwargs)

    def _make_record(self) -> None:
        """Creates the table of applied migrations; MongoDB's may lack its index."""
        recorder, connection = self.recorder, self.connection
        try:
            if connection.features.can_rollback_ddl or recorder.applied_migrations():
                recorder.ensure_schema()
                return
            with connection.schema_editor() as editor:
                editor.create_model(recorder.Migration)
        except MigrationSchemaMissing:
            if not self.recorder.has_table():  # another machine has just created it
                raise

    def apply_migration(
        self, state: Any, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> Any:
        with self._whole(migration):
            if self._is_made(migration):  # by another machine, since this one planned
                return migration.mutate_state(state, preserve=False)
            return super().apply_migration(state, migration, fake, fake_initial)

    def unapply_migration(self, state: Any, migration: Migration, fake: bool = False) -> Any:
        with self._whole(migration):
            return super().unapply_migration(state, migration, fake)

    @contextmanager
    def _whole(self, migration: Migration) -> Iterator[None]:
        """Opens one transaction, exclusively if the database and the migration support that.

        SQLite alters tables only while foreign keys are not enforced, which must be set before the
        transaction; it checks them afterwards (``schema_editor``). Its transactions take the write
        lock at the start, so they are serialised anyway.
        """
        connection = self.connection
        if not (migration.atomic and connection.features.can_rollback_ddl):
            yield
            return
        with connection.constraint_checks_disabled(), transaction.atomic(using=connection.alias):
            if capabilities.of(connection).locks_tables:
                table = self.recorder.Migration._meta.db_table
                with connection.cursor() as cursor:
                    cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            yield

    def _is_made(self, migration: Migration) -> bool:
        names = migration.replaces or [(migration.app_label, migration.name)]
        made = self.recorder.migration_qs
        return all(made.filter(app=app, name=name).exists() for app, name in names)


class AddFieldAgain(AddField):
    """Adds a field in a migration that is not atomic: the column may exist already.

    The field must be nullable, so that SQLite adds it with a single statement.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        except DatabaseError:
            model = to_state.apps.get_model(app_label, self.model_name)
            column = model._meta.get_field(self.name).column
            connection = schema_editor.connection
            with connection.cursor() as cursor:
                there = connection.introspection.get_table_description(cursor, model._meta.db_table)
            if column not in {each.name for each in there}:
                raise
