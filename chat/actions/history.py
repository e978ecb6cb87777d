"""The id of the history, by which clients and servers notice that a database was restored."""

from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS

from chat.models import History

_ONLY = 1
"""The primary key of the only row."""


def epoch(alias: str = DEFAULT_DB_ALIAS) -> UUID:
    """Returns the id of this database's history. The first call creates it.

    Of two first calls at the same moment one stores its id, and both return that one: the row's
    primary key is unique on every database.
    """
    history, _ = History.objects.using(alias).get_or_create(pk=_ONLY)
    return history.epoch


def begin_epoch(alias: str = DEFAULT_DB_ALIAS, *, epoch: UUID | None = None) -> UUID:
    """Starts a new history, after a restore has put the former state back.

    Args:
        alias: the database.
        epoch: the id, where a restore that was interrupted has chosen it before.
    """
    begun = epoch or uuid4()
    History.objects.using(alias).update_or_create(pk=_ONLY, defaults={"epoch": begun})
    return begun
