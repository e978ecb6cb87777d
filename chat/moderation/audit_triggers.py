"""Makes the database itself refuse to change the audit log, beyond Django's ORM.

SQLite and PostgreSQL refuse to change or delete an entry, for every program. MongoDB has no
triggers. None of them stops the database's owner, who can drop a trigger, truncate a table or
change the file. Send entries to a second place if you need proof against owners.
"""

from django.db import connections, transaction

from chat.models import AuditEntry
from mediachat.databases import capabilities
from mediachat.databases.capabilities import TriggerLanguage

TABLE = AuditEntry._meta.db_table
REFUSAL = "Audit entries are never changed or deleted."

ON_SQLITE = {
    f"{TABLE}_no_{verb}": f"""CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{verb}
        BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
    for verb in ("update", "delete")
} | {
    # INSERT OR REPLACE deletes the old row without running its triggers. No part of the text comes
    # from outside.
    f"{TABLE}_no_replace": f"""CREATE TRIGGER IF NOT EXISTS {TABLE}_no_replace
        BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE _id = NEW._id)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""  # noqa: S608
}
ON_POSTGRESQL = {
    # The lock, which the last statement takes anyway, protects the function: replacing it twice at
    # once is an error.
    f"{TABLE}_no_change": f"""LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE;
        CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$;
        CREATE OR REPLACE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()""",
}
STATEMENTS = {TriggerLanguage.SQLITE: ON_SQLITE, TriggerLanguage.PLPGSQL: ON_POSTGRESQL}
"""How each trigger is made."""
NAMES = {
    TriggerLanguage.SQLITE: "SELECT name FROM sqlite_master "
    "WHERE type = 'trigger' AND tbl_name = %s",
    TriggerLanguage.PLPGSQL: "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass",
}


def missing(using: str) -> set[str]:
    """Returns the names of the triggers that this database lacks."""
    connection = connections[using]
    language = capabilities.of(connection).triggers
    if language is None:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(NAMES[language], [TABLE])
        return STATEMENTS[language].keys() - {name for (name,) in cursor.fetchall()}


def install(using: str) -> None:
    """Creates missing triggers.

    Runs after every migration rather than in one: SQLite alters a table by creating a new one,
    which has no triggers.
    """
    language = capabilities.of(connections[using]).triggers
    if language is None:
        return
    for name in sorted(missing(using)):
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(STATEMENTS[language][name])
