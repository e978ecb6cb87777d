"""Backs up a running installation."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from mediachat.backups import BackupError, files
from mediachat.backups.making import make, secret_file
from mediachat.databases.transactions import unhurried
from mediachat.databases.urls import explained_errors
from mediachat.progress import Said

LOW_PRIORITY = 10
"""What is added to this process's niceness: servers go first."""


class Command(BaseCommand):
    help = (
        "Writes the database, the uploaded files and the secret into one file in this folder, "
        "while the servers run. `manage.py restore` restores it, into any of the three databases."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--without-secret",
            action="store_true",
            help="leave DATA_DIR/secret_key out: keep it in another place then",
        )
        parser.add_argument(
            "--with-stored-files",
            action="store_true",
            help="take in the files of an object store too, which otherwise stay there alone",
        )

    def handle(
        self, *, folder: Path, without_secret: bool, with_stored_files: bool, **options: Any
    ) -> None:
        os.nice(LOW_PRIORITY)
        # An incomplete file is then deleted, too.
        for ending in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(ending) is not signal.SIG_IGN:  # as under nohup
                signal.signal(ending, lambda number, _: sys.exit(128 + number))
        with_files = with_stored_files or files.are_here()
        try:
            with explained_errors(CommandError), unhurried():
                made = make(
                    folder, Said(self._say), with_files=with_files, with_secret=not without_secret
                )
        except (BackupError, OSError) as error:
            raise CommandError(f"There is no backup: {error}") from error
        self._say(f"{made} ({made.stat().st_size:,} bytes)")
        if not with_files:
            self._say("The files are in their object store, and not in this backup.")
        if without_secret or secret_file() is None:
            self._say("The secret is not in this backup: keep SECRET_KEY in another place.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
