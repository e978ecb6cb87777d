import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests import databases
from tests.databases import servers
from tests.databases.deaths import dying_after
from tests.databases.starts import Untouched, connected, what_is_in
from tests.support.components import missing


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


@pytest.fixture(scope="session")
def untouched(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Untouched]:
    data_dir = tmp_path_factory.mktemp("untouched")
    databases.assign(data_dir)
    with django_db_blocker.unblock(), connected(data_dir, "untouched") as alias:
        with dying_after(None) as writes:
            call_command("migrate", database=alias, verbosity=0)
        yield Untouched(what_is_in(alias), writes.done)


@pytest.fixture
def empty(empty_database: Path, django_db_blocker: Any) -> Iterator[str]:
    """The alias of an empty database."""
    with django_db_blocker.unblock(), connected(empty_database, "empty") as alias:
        yield alias
