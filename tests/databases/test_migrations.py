"""The migrations make on each database what the models say."""

import pytest
from django.core.management import call_command
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor

from mediachat.databases.migrating import AddFieldAgain

pytestmark = pytest.mark.django_db


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_all_have_been_made():
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_a_missing_one_is_found(monkeypatch):
    """That the first test can fail."""
    from chat.models import Room

    monkeypatch.setattr(Room._meta.get_field("name"), "max_length", 81)
    with pytest.raises(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_each_can_be_begun_again():
    """What is no transaction (MongoDB has none) may have been made in part by another start."""
    loader = MigrationExecutor(connection).loader
    for (app, name), migration in loader.disk_migrations.items():
        kinds = {type(operation) for operation in migration.operations}
        if app in ("accounts", "chat") and not migration.atomic:
            assert kinds <= {migrations.RunPython, AddFieldAgain}, f"{app}.{name}"
        # A collection that has rows by then would be taken for somebody else's.
        assert not {migrations.CreateModel, migrations.RunPython} <= kinds, f"{app}.{name}"
