"""Which tests run on another database than SQLite. The tests say it themselves, by markers.

``once``, ``not_again_on`` and ``impossible_on`` are described in pyproject.toml.
"""

import os
from typing import Any

import pytest

from tests import databases

MEETS_THE_DATABASE = {
    "db",
    "transactional_db",
    "seeded",
    "serve",
    "server",
    "empty_database",
    "topology",
}
"""Fixtures, and parameters of tests, that lead to the database of this run. pytest-django lets no
test near the one in this process without them, and no server is started without a data directory
from them; so what has none of them says the same on every database, and is not run again."""


def select(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests that this run is about, in their order; those that cannot pass are skipped."""
    kind = databases.kind()
    if kind == "sqlite":
        return items
    about = [item for item in items if meets_the_database(item)]
    if os.environ.get("WHOLE") != "1":
        about = [item for item in about if not _runs_elsewhere(item, kind)]
    for item in about:
        for marker in item.iter_markers("impossible_on"):
            if kind in marker.kwargs:
                item.add_marker(pytest.mark.skip(reason=marker.kwargs[kind]))
    return about


def meets_the_database(item: Any) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return bool(MEETS_THE_DATABASE.intersection(fixtures)) or bool(
        item.get_closest_marker("django_db")
    )


def _runs_elsewhere(item: pytest.Item, kind: str) -> bool:
    return item.get_closest_marker("once") is not None or any(
        kind in marker.kwargs for marker in item.iter_markers("not_again_on")
    )
