"""Cases of a parametrized test, of which one meets every database."""

from collections.abc import Iterable
from typing import Any

import pytest


def first_on_all(cases: Iterable[Any]) -> list[Any]:
    """These cases, of which the first runs on every database and the others on SQLite alone.

    For cases that differ in what is decided before anything reaches the database.
    """
    first, *others = cases
    return [first, *(pytest.param(*_values(case), marks=pytest.mark.once) for case in others)]


def _values(case: Any) -> tuple[Any, ...]:
    return case if isinstance(case, tuple) else (case,)
