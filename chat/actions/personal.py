"""Writes to people's own logs: what changes one person's view of the chat, on all their devices.

A person's log holds the newest value of each thing, ordered by ``version``. A change takes the next
version of the log, and the unique index decides between two writers, as in a room's log. So nobody
sees a version before those below it. A device that knows the log up to a version reads what is
newer, and knows all of it.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max

from chat import broadcast, protocol
from chat.actions.locks import lock_people
from chat.message_log.precedence import precedence
from chat.message_log.retries import Moved, retried
from chat.models import PersonalChange
from chat.models.personal import change_id
from chat.protocol import ChatError, ErrorCode
from chat.queries.personal import change_of, values_of
from mediachat.databases import capabilities

KEYS_LIMIT = 5_000
"""The most things of one kind in a person's log; each stays there for as long as they have an
account."""
VALUE_LIMIT = 16 * 1024
"""Characters of one value as JSON."""


def change_personal(
    user: UUID,
    *,
    kind: protocol.PersonalKind,
    key: str,
    value: Any,
    default: Any,
    repeat: Callable[[Any], object],
) -> protocol.PersonalChange:
    """Sets one thing's value for this person, and broadcasts it to all their devices. An unchanged
    value does nothing.

    Args:
        default: its value as long as nobody has changed it.
        repeat: writes a value to where it is read together with other things. It is called before
            the log has the value, so that nothing is older than the version beside it, and again
            after that, until both say the same. Without transactions, the last writer has then
            also read last. The same command sent again mends what a process left that died
            in between.

    Returns:
        The newest change of it, which has this value; version 0 where it was never changed.

    Raises:
        ChatError: ``too_large`` (the value), ``conflict`` (too many things of this kind).
    """
    if len(json.dumps(value)) > VALUE_LIMIT:
        raise ChatError(ErrorCode.TOO_LARGE, "That is too large to store for all your devices.")

    def attempt() -> PersonalChange:
        _lock(user)
        repeat(value)
        row, is_new = _write(user, kind, key, value, default)
        written = value
        while (newest := values_of([row.pk]).get(row.pk, default)) != written:
            repeat(newest)
            written = newest
        if is_new:
            broadcast.personal_changed_on_commit(user, _change(row))
        return row

    return _change(retried(attempt))


def _change(row: PersonalChange) -> protocol.PersonalChange:
    return change_of(row.version, row.kind, row.key, row.value)


def _write(
    user: UUID, kind: str, key: str, value: Any, default: Any
) -> tuple[PersonalChange, bool]:
    """Returns the current row, and whether this call changed it."""
    row = PersonalChange.objects.filter(pk=change_id(user, kind, key)).first()
    if row is None:
        row = PersonalChange(
            id=change_id(user, kind, key),
            user_id=user,
            version=0,
            kind=kind,
            key=key,
            value=default,
        )
    if row.value == value:
        return row, False
    mine = PersonalChange.objects.filter(user_id=user)
    version = (mine.aggregate(version=Max("version"))["version"] or 0) + 1
    if row.version == 0:
        if mine.filter(kind=kind).count() >= KEYS_LIMIT:
            raise ChatError(
                ErrorCode.CONFLICT, f"That would be more than {KEYS_LIMIT} of this kind."
            )
        row.version, row.value = version, value
        row.save(force_insert=True)
        return row, True
    here = mine.filter(pk=row.pk, version=row.version)
    if not here.update(version=version, value=value):
        raise Moved
    row.version, row.value = version, value
    return row, True


def _lock(user: UUID) -> None:
    """Locks a person's log until the transaction ends: another writer could take the version after
    the newest and free it again before this one writes. On MongoDB a version is never assigned
    twice (``chat.models.constraints``).
    """
    if capabilities.of(connection).writes_meet:
        precedence.respect([user])
    else:
        lock_people([user])
