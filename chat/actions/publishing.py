"""Publishes stored or changed messages, encoded once for all recipients."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chat import serializers
from chat.message_log import listeners
from chat.message_log.entry import LogEntry, RoomChanges
from chat.models import Message


def publish(
    rows: Sequence[Message],
    members_versions: dict[UUID, int],
    first_time: Mapping[tuple[UUID, UUID], str] | None = None,
) -> None:
    """Passes these rows to the log's listeners after the commit, in the order of position, with
    each (user, room) that has written for the first time.
    """
    writers: dict[UUID, dict[UUID, str]] = {}
    for (user, room), name in (first_time or {}).items():
        writers.setdefault(room, {})[user] = name
    entries: dict[UUID, list[LogEntry]] = {}
    for row, entry in zip(rows, encode(rows), strict=True):
        entries.setdefault(row.room_id, []).append(entry)
    listeners.notify_on_commit(
        [
            RoomChanges(room, members_versions[room], each, writers.get(room, {}))
            for room, each in entries.items()
        ]
    )


def encode(rows: Sequence[Message]) -> list[LogEntry]:
    """Encodes rows once, for the replies and for the broadcast."""
    entries = serializers.log_entries(rows)
    for row, entry in zip(rows, entries, strict=True):
        row.encoded = entry.encoded
    return entries
