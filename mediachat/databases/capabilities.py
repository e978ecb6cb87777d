"""The capabilities of each database. Code checks these, and never the database's name."""

from dataclasses import dataclass
from enum import Enum

from django.db.backends.base.base import BaseDatabaseWrapper


class TriggerLanguage(Enum):
    """The language of a database's triggers."""

    SQLITE = "SQLite's"
    PLPGSQL = "PL/pgSQL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The capabilities of one kind of database."""

    is_a_file: bool = False
    """It is one file of this machine: it can be moved into its place, and copies itself."""
    has_sql: bool = True
    """SQL can be written once and executed again; else Django's own way is taken each time."""
    locks_rows: bool = False
    """Rows can be locked until the transaction ends."""
    writes_meet: bool = False
    """Writers meet without locks: who has lost several times is let go first. Where neither this
    nor ``locks_rows`` is True, a transaction that writes keeps all other writers out."""
    locks_tables: bool = False
    """Tables can be locked until the transaction ends."""
    limits_waiting: bool = False
    """A session can say for how long it waits for a lock, and how long it may stand still."""
    reads_one_moment: bool = False
    """All that one transaction reads can be of one moment, with a cursor that stays open."""
    loses_connections: bool = False
    """Its server ends connections, and the driver does not open others by itself."""
    counts_by_sequences: bool = False
    """Integer ids come from sequences, which have to be told of rows that brought their own."""
    triggers: TriggerLanguage | None = None


_BY_VENDOR = {
    "sqlite": Capabilities(is_a_file=True, triggers=TriggerLanguage.SQLITE),
    "postgresql": Capabilities(
        locks_rows=True,
        locks_tables=True,
        limits_waiting=True,
        reads_one_moment=True,
        loses_connections=True,
        counts_by_sequences=True,
        triggers=TriggerLanguage.PLPGSQL,
    ),
    "mongodb": Capabilities(has_sql=False, writes_meet=True),
}


def of(connection: BaseDatabaseWrapper) -> Capabilities:
    """Returns the capabilities of the database behind this connection."""
    return _BY_VENDOR[connection.vendor]
