"""Lists what is to be done at a time, and tries again what was given up."""

from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.utils import timezone

from chat.models import Due


class Command(BaseCommand):
    help = (
        "Lists what is to be done at a time: scheduled messages and the like. "
        "--failed lists what was given up, with the reason; --retry has all of that done again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--failed", action="store_true", help="only what was given up")
        parser.add_argument("--retry", action="store_true", help="has that done again, at once")

    def handle(self, *, failed: bool, retry: bool, **options: Any) -> None:
        given_up = Due.objects.filter(failed_at__lte=timezone.now())  # which the index knows
        if retry:
            count = given_up.update(failed_at=None, attempts=0, lease_until=None)
            self.stdout.write(f"{count} will be done again by the next server that looks.")
            return
        for due in (given_up if failed else Due.objects.all()).order_by("due_at").iterator():
            state = f"given up: {due.error}" if due.failed_at else f"attempts: {due.attempts}"
            self.stdout.write(f"{due.due_at:%Y-%m-%d %H:%M:%S} {due.kind} {due.pk} {state}")
