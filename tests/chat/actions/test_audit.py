"""The audit log: what is in it stays, whoever tries to change it and however."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import User
from chat.models import AuditEntry, Room
from chat.moderation import actions as moderation


@pytest.fixture
def entry(moderator: User, private_room: Room) -> AuditEntry:
    moderation.close_room(moderator, room=private_room.pk, reason="Three people asked for it.")
    return AuditEntry.objects.get()


def _save(row: AuditEntry) -> None:
    row.reason = "other"
    row.save()


def _save_as_new(row: AuditEntry) -> None:
    AuditEntry(
        id=row.pk, actor="x", action="x", target_type="x", target_id="x", target="x", reason="x"
    ).save()


def _bulk_update(row: AuditEntry) -> None:
    row.reason = "other"
    AuditEntry.objects.bulk_update([row], ["reason"])


@pytest.mark.parametrize(
    "change",
    [
        _save,
        _save_as_new,
        _bulk_update,
        lambda row: row.delete(),
        lambda row: AuditEntry.objects.all().delete(),
        lambda row: AuditEntry.objects.update(reason="other"),
        lambda row: AuditEntry._base_manager.update(reason="other"),
        lambda row: AuditEntry._default_manager.filter(pk=row.pk).update(reason="other"),
        lambda row: AuditEntry.objects.update_or_create(pk=row.pk, defaults={"reason": "other"}),
        lambda row: AuditEntry.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["id"], update_fields=["reason"]
        ),
        lambda row: row.save_base(raw=True),
        lambda row: AuditEntry.objects.all()._raw_delete("default"),
    ],
)
def test_an_entry_cannot_be_changed_or_deleted(
    change: Callable[[AuditEntry], Any], entry: AuditEntry
) -> None:
    before = AuditEntry.objects.values().get()
    with pytest.raises((TypeError, DatabaseError)), transaction.atomic():
        change(entry)
    assert AuditEntry.objects.values().get() == before


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chat_auditentry SET reason = 'other'",
        "DELETE FROM chat_auditentry",
        pytest.param(
            "INSERT OR REPLACE INTO chat_auditentry SELECT * FROM chat_auditentry",
            marks=pytest.mark.impossible_on(postgres="the statement is SQLite's own"),
        ),
    ],
)
@pytest.mark.impossible_on(
    mongodb="there are no triggers, so Django alone keeps the audit log from changes"
)
def test_sql_cannot_change_an_entry_either(statement: str) -> None:
    before = AuditEntry.objects.values().get()
    with (
        pytest.raises(IntegrityError if connection.vendor == "sqlite" else DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.values().get() == before


@pytest.mark.usefixtures("entry")
def test_an_entry_outlives_what_it_speaks_of(private_room: Room) -> None:
    private_room.delete()
    assert AuditEntry.objects.get().target == "Plans (private)"
