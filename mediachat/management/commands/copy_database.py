"""Copies an installation's data to another database."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from mediachat.databases.copy_database import BATCH, Copy, CopyError
from mediachat.databases.transactions import unhurried
from mediachat.databases.urls import explained_errors
from mediachat.progress import Said


class Command(BaseCommand):
    help = (
        "Copies everything from one database to another, empty one, and compares the two. Stop "
        "the server first. A copy that was interrupted goes on when it is started again. "
        "Uploaded files are not in the database: they stay where they are."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="SOURCE_URL", help="as for DATABASE_URL")
        parser.add_argument("target", metavar="TARGET_URL", help="as for DATABASE_URL")
        parser.add_argument(
            "--batch", type=int, default=BATCH, help="rows in memory at a time (%(default)s)"
        )

    def handle(
        self, *, source: str, target: str, batch: int, verbosity: int, **options: Any
    ) -> None:
        progress = Said(self._say, 1.0 if verbosity < 2 else 0.0)
        with explained_errors(CommandError), unhurried():
            try:
                report = Copy.between(source, target, batch=batch).run(progress)
            except CopyError as error:
                raise CommandError(str(error)) from error
        for line in report:
            self.stdout.write(line)
        self.stdout.write(
            "Source and target are the same. Set DATABASE_URL to the target and start the server.\n"
            "Should you go back to the source, run `manage.py new_epoch` there first: clients take "
            "both for one history."
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
