"""Watches every query that the product makes in any test, and explains each new one.

``test_plans`` asks for the product's own reads and writes by name. This is for the rest, and for
those that nobody thought of: the admin's, allauth's, the sessions', and whatever is added.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.databases.plans import Query, noting, scan_in
from tests.support.live import ROOT

PRODUCT = tuple(f"{ROOT / name}/" for name in ("accounts", "chat", "mediachat"))
TESTS = f"{ROOT / 'tests'}/"
BENEATH = (f"{ROOT / 'mediachat' / 'databases'}/", f"{ROOT / 'tests' / 'databases'}/")
"""What stands between whoever asks and the database."""

ADMIN = ("/django/contrib/admin/", "/unfold/", "/chat/admin/")
SMALL = ("auth_group", "auth_group_permissions", "auth_permission", "django_content_type")
"""Tables that the program fills, with some hundred rows: reading them is as quick as an index."""

MAY_READ_ALL = {
    # By where the question is asked; docs/DATABASES.md has the same list.
    "chat/queries/directory.py _best_first": "parts of names, that no index knows; 20 at most",
    "accounts/sign_in/first_administrator.py is_needed": "once at a start",
    "accounts/erasure.py _refuse_last_superuser": "where a superuser is erased",
    "chat/moderation/audit_triggers.py missing": "once at a start; the list of triggers",
    "mediachat/left_out.py _permissions_of": "once at a start; some eighty permissions",
    "mediachat/folding.py _fill_in": "once at a start; ends with those of the version before",
    "accounts/migrations/0002_user_skeleton.py fill": "once, when it is upgraded",
    "chat/followers/progress.py behind": "the ids of all rooms, once in five minutes",
    "chat/media/storage_use.py total": "once a minute; ends with one number",
    "the admin": "its lists are counted, sorted by any column and searched by parts of words",
}


class Watch:
    """What has been asked for the first time since somebody looked."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._new: list[Query] = []

    def note(self, query: Query) -> None:
        if query.shape in self._known:
            return
        asker = _asker()
        if asker is None or query.table in SMALL or asker.startswith(tuple(MAY_READ_ALL)):
            return
        self._known.add(query.shape)
        self._new.append(query)

    def problems(self, connection: Any) -> list[str]:
        """What reads a whole table among the new."""
        new, self._new = self._new, []
        return [problem for query in new if (problem := scan_in(query, connection))]


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    with noting(watch.note):
        yield watch


def _asker() -> str | None:
    """File and function of the product that asks, or None where a test asks itself."""
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not path.startswith(BENEATH):
            if any(part in path for part in ADMIN):
                return "the admin"
            if path.startswith(PRODUCT):
                return f"{path.removeprefix(f'{ROOT}/')} {frame.f_code.co_name}"
            if path.startswith(TESTS):
                return None
        frame = frame.f_back  # type: ignore[assignment]
    return None
