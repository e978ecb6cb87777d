import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests import databases
from tests.components import missing
from tests.databases import servers


@contextmanager
def _started(starter: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    try:
        with starter() as address:
            yield address
    except servers.MissingError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """PostgreSQL beside the database that this run is about."""
    with _started(servers.postgresql) as address:
        yield address


@pytest.fixture(scope="session")
def mongodb() -> Iterator[str]:
    """MongoDB's emulator beside the database that this run is about."""
    with _started(servers.mongodb_emulator) as address:
        yield address


@pytest.fixture
def chain(tmp_path: Path, postgresql: str, request: pytest.FixtureRequest) -> list[str]:
    """SQLite → MongoDB → PostgreSQL → SQLite, all but the first of them empty."""
    real = os.environ.get("TEST_MONGODB_URL")
    mongodb = databases.create(real or request.getfixturevalue("mongodb"))
    first, last = (f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("first", "last"))
    return [first, mongodb, databases.create(postgresql), last]
