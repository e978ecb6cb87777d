"""Messages that were stored or changed, encoded once for all who are told of them."""

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
    """Tells the log's listeners of these rows, in the order of position, once they are committed;
    with the names of those (user, room) who have written for the first time."""
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
    """Encodes rows once, for the replies and for everyone."""
    entries = serializers.log_entries(rows)
    for row, entry in zip(rows, entries, strict=True):
        row.encoded = entry.encoded
    return entries
