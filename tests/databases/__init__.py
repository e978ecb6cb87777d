"""The database that this run of the tests is about, where it is not SQLite.

``python -m tests.databases postgres`` starts a server and runs the tests against it; see
``__main__``. Everything here is told by one variable of the environment, the address of that
server without a database.
"""

import functools
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SERVER = "TEST_DATABASE_SERVER"
EMULATED = "TEST_DATABASE_EMULATED"
ADDRESS = "database_url"
"""The file in a data directory that has the address of its database."""


def server() -> str | None:
    """The address of the database server under test, or None for files of SQLite."""
    return os.environ.get(SERVER)


def kind() -> str:
    """What this run of the tests is about: sqlite, postgres or mongodb."""
    return (server() or "sqlite").split(":")[0].split("+")[0]


def is_emulated() -> bool:
    """Whether it is so slow that tests send less."""
    return os.environ.get(EMULATED) == "1"


def settings_for(data_dir: Path) -> dict[str, str]:
    """What a server on this data directory finds in its environment about its database."""
    address = data_dir / ADDRESS
    return {"DATABASE_URL_FILE": str(address)} if address.exists() else {}


def assign(data_dir: Path) -> None:
    """Gives a data directory an empty database of its own."""
    data_dir.mkdir(parents=True, exist_ok=True)
    if base := server():
        (data_dir / ADDRESS).write_text(create(base))


def assign_copy(data_dir: Path, *, of: Path) -> None:
    """Gives a data directory a copy of another's database."""
    if base := server():
        (data_dir / ADDRESS).write_text(create(base, like=(of / ADDRESS).read_text()))


@contextmanager
def taken_away(data_dir: Path) -> Iterator[None]:
    """Nothing reaches a data directory's database in here; afterwards it is as it was."""
    if server() is None:
        database, hidden = data_dir / "db.sqlite3", "db.away"
        for path in data_dir.glob("db.sqlite3*"):
            path.rename(str(path).replace(database.name, hidden))
        database.mkdir()
        yield
        database.rmdir()
        for path in data_dir.glob(f"{hidden}*"):
            path.rename(str(path).replace(hidden, database.name))
        return
    import psycopg

    address = (data_dir / ADDRESS).read_text()
    name = _name(address)
    with psycopg.connect(with_name(address, "postgres"), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        yield
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def create(base: str, *, like: str | None = None) -> str:
    """Makes a database on this server, empty or like another, and returns its address."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    address = with_name(base, name)
    if base.startswith("mongodb"):
        if like:
            _copy_collections(like, address)
        return address
    import psycopg

    template = f' TEMPLATE "{_name(like)}"' if like else ""
    with psycopg.connect(with_name(base, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{template}')
    return address


def _copy_collections(source: str, target: str) -> None:
    from pymongo import MongoClient

    client: Any
    with MongoClient(target) as client:
        after = client[_name(target)]
        for name, indexes, documents in _collections(source):
            if not indexes and not documents:
                after.create_collection(name)  # the others are made by what is put into them
            if indexes:
                after[name].create_indexes(indexes)
            if documents:
                after[name].insert_many(documents)


@functools.cache
def _collections(source: str) -> list[tuple[str, list[Any], list[Any]]]:
    """Names, indexes and documents of all of a database, which is read once for all its copies:
    nobody writes to what is copied."""
    from pymongo import IndexModel, MongoClient

    found = []
    client: Any
    with MongoClient(source) as client:
        before = client[_name(source)]
        for name in before.list_collection_names():
            indexes = []
            for index in before[name].list_indexes():
                options = {
                    key: index[key]
                    for key in ("name", "unique", "partialFilterExpression")
                    if key in index
                }
                if index["name"] != "_id_":
                    indexes.append(IndexModel(list(index["key"].items()), **options))
            found.append((name, indexes, list(before[name].find())))
    return found


def with_name(base: str, name: str) -> str:
    return urlsplit(base)._replace(path=f"/{name}").geturl()


def _name(address: str) -> str:
    return urlsplit(address).path.lstrip("/")
