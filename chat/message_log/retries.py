"""Retries writes that lost against another writer."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction

from chat.message_log.precedence import precedence
from mediachat.databases import transactions
from mediachat.monitoring.logs import reason

TRYING = 20.0
"""Seconds for which a writer tries again after another took its position."""
LOSSES = 3
"""How often it loses before it claims to go first."""
OTHER_FAILURES = 3
"""How often it tries again what breaks another constraint, such as a room that is deleted at this
moment."""

T = TypeVar("T")


def retried(work: Callable[[], T]) -> T:
    """Runs this again, including its reads, as long as others take its positions.

    Raises:
        IntegrityError: it lost for ``TRYING`` seconds, or broke another constraint each time.
    """
    end = time.monotonic() + TRYING
    losses = other_failures = 0
    try:
        while True:
            try:
                return transactions.retried(_whole, work)
            except IntegrityError as error:
                if _has_lost(error):
                    losses += 1
                else:
                    other_failures += 1
                if other_failures >= OTHER_FAILURES or time.monotonic() > end:
                    raise
            if losses >= LOSSES:
                precedence.claim()
            else:
                time.sleep(random.uniform(0, 0.002 * (losses + 1)))  # noqa: S311
    finally:
        precedence.end()


def _has_lost(error: IntegrityError) -> bool:
    """Returns whether another writer was faster, by the messages of the three databases."""
    said = reason(error).lower()
    return "unique" in said or "duplicate key" in said or isinstance(error, Moved)


class Moved(IntegrityError):
    """A message has moved from the position at which it was read."""


def _whole(work: Callable[[], T]) -> T:
    with transaction.atomic():
        return work()
