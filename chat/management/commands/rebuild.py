"""Builds again what is derived from the rooms' logs, such as a search index."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from chat.followers import worker
from chat.followers.registry import all_followers


class Command(BaseCommand):
    help = (
        "Sends all messages to a follower of the rooms' logs again; a running server does the work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("follower")

    def handle(self, *, follower: str, **options: Any) -> None:
        if follower not in all_followers():
            known = ", ".join(sorted(all_followers())) or "none yet"
            raise CommandError(f"There is no follower {follower}. There are: {known}.")
        worker.rebuild(follower)
        self.stdout.write("A running server begins with it now.")
