"""Prepares the installation for serving: runs all steps in one start of Django."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.sign_in import first_administrator
from mediachat import folding
from mediachat.backups import restoring
from mediachat.databases import copy_database, urls
from mediachat.left_out import left_out


class Command(BaseCommand):
    help = "Checks the settings, migrates the database and says where to go."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--runserver",
            action="store_true",
            help="Then run the development server in this same process, which starts sooner.",
        )
        parser.add_argument(
            "--production",
            action="store_true",
            help="Refuse what only a developer may run with, and collect the static files.",
        )

    def handle(self, *, port: int, runserver: bool, production: bool, **options: Any) -> None:
        if production and settings.DEBUG:
            raise CommandError(
                "DEBUG is on. It shows the server's insides to anyone who causes an error: "
                "remove DEBUG from the environment."
            )
        with urls.explained_errors(CommandError):
            self._migrate()
            if filled := folding.fill_in():
                self.stdout.write(f"{filled:,} names of the version before can be found now.")
        if production:
            self.stdout.write("Collecting static files ...")
            call_command("collectstatic", interactive=False, verbosity=0)
        address = f"http://127.0.0.1:{port}{settings.URL_PREFIX}"
        self.stdout.write(f"\nMedia Chat is at {address}/\n")
        if first_administrator.is_needed():
            link = f"{address}/accounts/first-administrator/{first_administrator.token()}/"
            self.stdout.write(
                f"There is no administrator yet. Make yourself one, once, within a day:\n{link}\n"
            )
        self.stdout.write("Stop it with Ctrl+C.\n\n")
        # The server that follows never ends, and buffered output to a pipe or a file would wait for
        # that.
        self.stdout.flush()
        if runserver:
            call_command("runserver", str(port), use_reloader=False, skip_checks=True)

    def _migrate(self) -> None:
        if restoring.is_unfinished():
            raise CommandError(
                "A restore into DATA_DIR has not finished. Start `manage.py restore` with the same "
                "backup again; it goes on where it was."
            )
        if copy_database.is_half_copied(connection.alias):
            raise CommandError(
                "This database is the target of a copy or of a restore that has not finished. "
                "Start the `manage.py copy_database` or `manage.py restore` that began it again, "
                "on the machine where it was begun; it goes on where it was."
            )
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database ...")
        elif missing := left_out(connection.alias):
            self.stdout.write(
                f"A start was interrupted: making {', '.join(missing)}, which the database lacks."
            )
        else:
            return
        call_command("migrate", interactive=False, verbosity=0)
