"""Schedules things to run once at a time, in whichever process is alive then.

A handler may be run again for the same row, since a process can die after the work and before the
row is gone. So it makes all that it stores under ids that it derives from the row's
(``uuid.uuid5(due.pk, "message")``), and finds there what an earlier run has stored.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chat.models import Due

Handler = Callable[[Due], datetime | None]
"""Does the thing; returns when it is due again, or None where it is done. Raises ``ChatError``
where trying again could not help, anything else where it may."""

_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Registers the handler of a kind of due things; it runs in a thread of its own.

    Raises:
        ValueError: the kind has a handler already.
    """

    def register(handler: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"{kind} has a handler already: {_handlers[kind].__qualname__}.")
        _handlers[kind] = handler
        return handler

    return register


def handler_of(kind: str) -> Handler | None:
    return _handlers.get(kind)


def schedule(
    kind: str, due_at: datetime, payload: Mapping[str, Any], *, id: UUID | None = None
) -> Due:
    """Schedules a thing. With an ``id``, repeated calls schedule it once.

    Raises:
        ValueError: no handler is registered for the kind.
    """
    if kind not in _handlers:
        raise ValueError(f"No handler is registered for {kind}.")
    values = {"kind": kind, "due_at": due_at, "payload": dict(payload)}
    if id is None:
        return Due.objects.create(**values)
    due, _ = Due.objects.get_or_create(pk=id, defaults=values)
    return due


def cancel(id: UUID) -> bool:
    """Cancels a thing that has not started; returns whether it did."""
    return bool(Due.objects.filter(pk=id, lease_until=None).delete()[0])
