"""Restores a backup into an empty installation."""

import os
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from mediachat.backups import BackupError, archive
from mediachat.backups.restoring import Restore
from mediachat.databases.transactions import unhurried
from mediachat.databases.urls import explained_errors
from mediachat.progress import Said


class Command(BaseCommand):
    help = (
        "Restores what `manage.py backup` made into an empty DATA_DIR and an empty database, of "
        "whichever kind. Stop the servers first. A restore that was interrupted goes on when it is "
        "started again."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="ARCHIVE", type=Path)
        parser.add_argument(
            "--check", action="store_true", help="read the archive to its end, and change nothing"
        )

    def handle(self, *, path: Path, check: bool, **options: Any) -> None:
        restore = Restore(path, Said(self._say))
        try:
            with explained_errors(CommandError), unhurried():
                manifest = restore.check() if check else restore.run()
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self._say(
            f"Made at {manifest.made_at} by version {manifest.version} on {manifest.database}, "
            f"{len(manifest.members):,} members, {manifest.size:,} bytes."
        )
        if check:
            self._say("The backup is whole.")
            return
        self._say(
            "The backup is restored. Start the servers: clients come back to it by themselves."
        )
        self._warn(manifest.members.keys(), has_files=manifest.has_files)

    def _warn(self, members: Any, *, has_files: bool) -> None:
        if archive.SECRET not in members:
            self._say("It has no secret: set the SECRET_KEY that the installation had.")
        elif {"SECRET_KEY", "SECRET_KEY_FILE"} & os.environ.keys():
            self._say(
                "SECRET_KEY is set: where it is not what DATA_DIR/secret_key says now, name that "
                "one in SECRET_KEY_FALLBACKS."
            )
        if not has_files:
            self._say("It has no files: they are in the object store of the installation.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
