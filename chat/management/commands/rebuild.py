"""Has what follows the rooms' logs made anew: a search index, for example."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from chat.followers import worker
from chat.followers.registry import all_followers


class Command(BaseCommand):
    help = "Gives a follower of the rooms' logs all messages once more; a running server does it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("follower")

    def handle(self, *, follower: str, **options: Any) -> None:
        if follower not in all_followers():
            known = ", ".join(sorted(all_followers())) or "none yet"
            raise CommandError(f"There is no follower {follower}. There are: {known}.")
        worker.rebuild(follower)
        self.stdout.write("A running server begins with it now.")
