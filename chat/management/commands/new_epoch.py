"""Tells clients that the history is another one, after a restore by the database's own tools."""

from typing import Any

from django.core.management import BaseCommand

from chat.actions import history


class Command(BaseCommand):
    help = (
        "Gives the history a new id, so that clients drop what they hold of the former one. "
        "`manage.py restore` does it by itself: run this after a restore by the database's own "
        "tools, before the servers start."
    )

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"The history is {history.begin_epoch()} from now on.")
