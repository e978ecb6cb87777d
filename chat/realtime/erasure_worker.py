"""Continues erasing people, in a thread of its own, in the first process that claims it.

A process that erases a person renews its claim in the database. If it stops, because it died, the
heartbeat of another continues after ``LEASE``.
"""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import erasure as accounts
from accounts.models import Erasure
from chat import broadcast, serializers
from chat.actions import erasure as actions
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
"""After this another process continues."""
NOTED_EVERY = timedelta(seconds=1)
"""How often it is noted how far this has come: what was done since is done again."""
CLOCKS = timedelta(minutes=5)
"""By how much the clocks of two machines may differ."""


class _Thread:
    """The one of this process. Nobody waits for it when the process ends: another goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._again = False

    def start(self) -> None:
        with self._lock:
            self._again = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="erasing", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            while self._has_work():
                try:
                    go_on()
                except Exception as error:
                    logger.warning("erasures_unreadable", error=reason(error))
        finally:
            connections.close_all()

    def _has_work(self) -> bool:
        with self._lock:
            again, self._again = self._again, False
            if not again:
                self._thread = None
            return again


_thread = _Thread()
_renamed_since = timezone.now() - CLOCKS
"""Those who were renamed until then are known to be, in this process."""


def begun(erasure: Erasure) -> None:
    """A person's account was closed: broadcasts the new name, and erases the rest."""
    serializers.forget(erasure.user_id)
    broadcast.renamed_on_commit(erasure.user_id, accounts.username_of(erasure))
    transaction.on_commit(_thread.start)


def look() -> dict[UUID, str]:
    """Goes on with what another process left. Returns the new usernames of those, by id, who were
    renamed since this was asked the last time: it may not have been heard."""
    global _renamed_since
    now = timezone.now()
    unfinished = list(_unfinished())
    if any(_is_left(each, now) for each in unfinished):
        _thread.start()
    newest = Erasure.objects.filter(begun_at__gt=_renamed_since)
    renamed = {each.user_id: accounts.username_of(each) for each in (*unfinished, *newest)}
    for user in renamed:
        serializers.forget(user)
    _renamed_since = now - CLOCKS
    return renamed


def go_on() -> None:
    """Erases everyone whom no other process is erasing."""
    for erasure in _unfinished():
        if not _take(erasure):
            continue
        try:
            erase(erasure)
        except Exception as error:
            logger.warning("erasure_interrupted", user=str(erasure.user_id), error=reason(error))


def erase(erasure: Erasure) -> None:
    """Erases a person whose account is closed, continuing where the last run stopped."""
    accounts.close_account(erasure)
    erased = actions.Erased.of(erasure)
    _part(erased)
    for room in actions.rooms_from(erasure.room):
        after: int | None = erasure.number if room == erasure.room else 0
        while after is not None:
            after = actions.erase_page(erased, room, after)
            if after is not None:
                _note(erasure, room, after)
    actions.rename_in_copies(erased)
    _part(erased)  # again: some of it was under way when the account was closed
    accounts.end_access(erasure)
    accounts.finish(erasure)
    logger.info("person_erased", user=str(erasure.user_id))


def _part(erased: actions.Erased) -> None:
    actions.leave_rooms(erased)
    actions.end_relations(erased)
    actions.delete_files(erased)
    actions.delete_own_view(erased)


def _unfinished() -> QuerySet[Erasure]:
    return Erasure.objects.filter(finished_at=None).order_by("begun_at")


def _is_left(erasure: Erasure, now: datetime) -> bool:
    return erasure.worked_at is None or erasure.worked_at < now - LEASE


def _take(erasure: Erasure) -> bool:
    """Claims the erasure; returns whether no other process has."""
    now = timezone.now()
    mine = Erasure.objects.filter(pk=erasure.pk, finished_at=None, worked_at=erasure.worked_at)
    if not _is_left(erasure, now) or not mine.update(worked_at=now):
        return False
    erasure.worked_at = now
    return True


def _note(erasure: Erasure, room: UUID, number: int) -> None:
    """Records the progress and renews the claim, but not at every page."""
    now = timezone.now()
    if erasure.worked_at is None or now - erasure.worked_at > NOTED_EVERY:
        erasure.room, erasure.number, erasure.worked_at = room, number, now
        erasure.save(update_fields=["room", "number", "worked_at"])
