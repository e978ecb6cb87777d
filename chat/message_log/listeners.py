"""Who is told what has changed in the logs of rooms, once it is committed.

The chat's app registers them when it starts (``chat.apps``). They are called in the thread that
has committed, one after another, before the people who asked get their answers: what takes longer
than handing something on belongs into another thread. What one of them raises is logged, since
the change is stored all the same. A process may die before they are called, so whatever must not
be missed is read from the log.
"""

from collections.abc import Callable, Sequence

import structlog
from django.db import transaction

from chat.message_log.entry import RoomChanges

logger = structlog.get_logger(__name__)

Listener = Callable[[Sequence[RoomChanges]], None]

_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    """Has this called with what each commit changes; one that is registered already stays once."""
    if listener not in _listeners:
        _listeners.append(listener)


def unregister(listener: Listener) -> None:
    _listeners.remove(listener)


def notify_on_commit(changes: Sequence[RoomChanges]) -> None:
    """Tells the listeners of these changes when the transaction has been committed."""
    if changes:
        transaction.on_commit(lambda: _notify(changes))


def _notify(changes: Sequence[RoomChanges]) -> None:
    for listener in _listeners:
        try:
            listener(changes)
        except Exception:
            logger.exception("listener_failed", listener=repr(listener))
