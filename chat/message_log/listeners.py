"""Calls the registered listeners after changes of rooms' logs are committed.

The chat's app registers them when it starts (``chat.apps``). They run in the thread that has
committed, one after another, before the callers get their replies: a listener that does more than
pass data on must use another thread. Their errors are logged, since the change is stored anyway. A
process may die before they run, so a reader that must not miss a change reads the log.
"""

from collections.abc import Callable, Sequence

import structlog
from django.db import transaction

from chat.message_log.entry import RoomChanges

logger = structlog.get_logger(__name__)

Listener = Callable[[Sequence[RoomChanges]], None]

_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    """Registers a listener for each commit's changes; registering it twice has no effect."""
    if listener not in _listeners:
        _listeners.append(listener)


def unregister(listener: Listener) -> None:
    _listeners.remove(listener)


def notify_on_commit(changes: Sequence[RoomChanges]) -> None:
    """Passes these changes to the listeners after the transaction has been committed."""
    if changes:
        transaction.on_commit(lambda: _notify(changes))


def _notify(changes: Sequence[RoomChanges]) -> None:
    for listener in _listeners:
        try:
            listener(changes)
        except Exception:
            logger.exception("listener_failed", listener=repr(listener))
