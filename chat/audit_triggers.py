"""Keeps the audit log as it was written in the database itself, past Django's ORM.

SQLite and PostgreSQL refuse to change or delete an entry, whatever program asks. MongoDB has no
triggers. None of them stops whoever owns the database: an owner can drop a trigger, truncate a
table or change the file. Send entries to a second place if you need proof against owners.
"""

from django.db import connections

from chat.models import AuditEntry

TABLE = AuditEntry._meta.db_table
REFUSAL = "Audit entries are never changed or deleted."

SQLITE = [
    f"""CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{verb} BEFORE {verb} ON {TABLE}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
    for verb in ("update", "delete")
] + [
    # INSERT OR REPLACE deletes the old row without asking its triggers. No part of the text
    # comes from outside.
    f"""CREATE TRIGGER IF NOT EXISTS {TABLE}_no_replace BEFORE INSERT ON {TABLE}
        WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE _id = NEW._id)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""  # noqa: S608
]

POSTGRESQL = [
    f"""CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$""",
    f"""CREATE OR REPLACE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()""",
]

BY_VENDOR = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def install(using: str) -> None:
    """Makes the triggers where they are missing.

    After every migration rather than in one: SQLite alters a table by making a new one, which
    has no triggers.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in BY_VENDOR.get(connection.vendor, ()):
            cursor.execute(statement)
