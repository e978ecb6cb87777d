"""The audit log as JSON lines, for a second place to keep it."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from chat.models import AuditEntry

PAGE = 500
"""Entries that are in memory at once."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
FIELDS = ("id", "created_at", "actor", "action", "target_type", "target_id", "target", "reason")


class Command(BaseCommand):
    help = "Writes the audit log, oldest entries first, one JSON object a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            default="",
            help="Only entries from this moment on: 2027-01-31, or 2027-01-31T08:00:00+01:00.",
        )
        parser.add_argument("--output", default="", help="A file, rather than standard output.")

    def handle(self, *, since: str, output: str, **options: Any) -> None:
        start = _moment(since) if since else BEGINNING
        if not output:
            _export(self.stdout.write, start)
            return
        try:
            # Readable by its owner alone, as the database is.
            handle = os.open(Path(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error}") from error
        with open(handle, "w", encoding="utf-8") as file:
            _export(file.write, start)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text) if "T" in text or " " in text else None
        day = None if moment else parse_date(text)
    except ValueError:
        moment = day = None
    if day is not None:
        moment = datetime.combine(day, time.min)
    if moment is None:
        raise CommandError(f"--since {text} is no moment. Write 2027-01-31T08:00:00Z.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _export(write: Callable[[str], Any], start: datetime) -> None:
    for entry in entries(start):
        entry["created_at"] = entry["created_at"].astimezone(UTC).isoformat()
        entry["id"] = str(entry["id"])
        write(json.dumps(entry, ensure_ascii=False) + "\n")


def entries(start: datetime) -> Iterator[dict[str, Any]]:
    """All entries from this moment on, oldest first, a page at a time.

    Each page is read by the index of ``created_at``, so none has to be sorted or skipped.
    """
    rows = AuditEntry.objects.order_by("created_at", "pk").values(*FIELDS)
    last, seen, size = start, set[Any](), PAGE
    while True:
        page = list(rows.filter(created_at__gte=last)[:size])
        fresh = [entry for entry in page if entry["id"] not in seen]
        for entry in fresh:
            if entry["created_at"] != last:
                last, seen = entry["created_at"], set()
            seen.add(entry["id"])
            yield dict(entry)
        if len(page) < size:
            return
        # A whole page of one moment, which is there again in the next.
        size = PAGE + len(seen)
