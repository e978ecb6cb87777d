"""Django's own command, with migrations that are safe to kill and to run on two
machines at once.
"""

import time
from typing import Any

from django.core.management.commands import migrate
from django.db import IntegrityError, connections
from django.db.migrations.recorder import MigrationRecorder

from mediachat.databases import urls
from mediachat.databases.migrating import Executor
from mediachat.databases.transactions import unhurried

ATTEMPTS = 10
PAUSE = 0.2
"""Seconds in which another machine gets on with what both make."""

# Django's command takes its executor from its module and has no parameter for it.
migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Starts again if another machine was faster, and skips what that one has done."""
        alias = options["database"]
        for patience in range(ATTEMPTS, 0, -1):
            before = _made(alias)
            try:
                with unhurried():
                    super().handle(*args, **options)
                return
            except urls.refusals() as error:
                connections[alias].close()
                del connections[alias]  # with everything that was open in it
                if patience == 1 or not (_is_of_a_race(error) or _made(alias) != before):
                    raise
                time.sleep(PAUSE)


def _is_of_a_race(error: Exception) -> bool:
    """Returns whether the error means that another machine stored a row first, or locks SQLite's
    file.
    """
    return isinstance(error, IntegrityError) or "database is locked" in str(error)


def _made(alias: str) -> set[tuple[str, str]]:
    return set(MigrationRecorder(connections[alias]).applied_migrations())
