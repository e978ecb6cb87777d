"""Starts of servers on databases of their own, and what is in these afterwards."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import post_migrate

from chat.moderation import moderators
from mediachat.databases import copy_database
from tests import databases
from tests.support.live import ROOT, environment


@contextmanager
def connected(data_dir: Path, alias: str) -> Iterator[str]:
    """The database of a data directory, beside the one that this process is about."""
    address = data_dir / databases.ADDRESS
    url = address.read_text() if address.exists() else f"sqlite:///{data_dir}/db.sqlite3"
    copy_database.connect(alias, url)
    try:
        yield alias
    finally:
        connection = connections[alias]
        connection.close()
        if connection.vendor == "mongodb":
            connection.close_pool()  # type: ignore[attr-defined]
        del connections[alias]
        del connections.settings[alias]


def new_connection(alias: str) -> None:
    """What the next process has; what was open was rolled back when the last one died."""
    connection = connections[alias]
    if connection.vendor != "mongodb":
        connection.connection.close()
        connection.connect()


@dataclass(frozen=True)
class Untouched:
    """A database that was prepared and that nothing happened to."""

    holds: dict[str, Any]
    writes: int


def what_is_in(alias: str) -> dict[str, Any]:
    connection = connections[alias]
    introspection = connection.introspection
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in introspection.table_names(cursor):
            if connection.vendor == "mongodb":
                collection = connection.database[table]  # type: ignore[attr-defined]
                found[table] = [dict(each, ns="") for each in collection.list_indexes()]
                continue
            columns = [each.name for each in introspection.get_table_description(cursor, table)]
            found[table] = columns, introspection.get_constraints(cursor, table)
    found["migrations"] = set(MigrationRecorder(connection).applied_migrations())
    return found | what_comes_after_migrations(alias)


def what_comes_after_migrations(alias: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    permissions = Permission.objects.using(alias).select_related("content_type")
    found["permissions"] = {
        (each.content_type.natural_key(), each.codename) for each in permissions
    }
    groups = Group.objects.using(alias)
    found["groups"] = list(groups.values_list("name", flat=True))
    may = Permission.objects.using(alias).filter(group__name=moderators.NAME)
    found["moderators"] = sorted(may.values_list("codename", flat=True))
    found["triggers"] = triggers(alias)
    return found


def triggers(alias: str) -> set[str]:
    statements = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    connection = connections[alias]
    if connection.vendor not in statements:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(statements[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


@contextmanager
def without_what_comes_after_migrations() -> Iterator[None]:
    receivers, post_migrate.receivers = post_migrate.receivers, []
    post_migrate.sender_receivers_cache.clear()
    yield
    post_migrate.receivers = receivers
    post_migrate.sender_receivers_cache.clear()


def start(data_dir: Path, *program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *program],
        cwd=ROOT,
        env=environment(data_dir, {"DJANGO_SETTINGS_MODULE": "mediachat.settings"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def prepared(data_dir: Path) -> str:
    """What a start says that works."""
    process = start(data_dir, "manage.py", "prepare")
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said
