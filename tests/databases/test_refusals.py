"""A database that cannot be used is named in plain words when the server starts."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests import databases
from tests.databases import servers
from tests.mediachat.test_databases import prepare
from tests.support.components import missing


def test_a_user_without_rights(tmp_path, postgresql):
    import psycopg

    url = databases.create(postgresql)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE weak LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    assert "may not make tables" in prepare(tmp_path, url.replace("mediachat@", "weak@"))


def test_a_user_or_a_database_that_is_not_there(tmp_path, postgresql):
    url = databases.create(postgresql)
    assert "user or the password" in prepare(tmp_path, url.replace("mediachat@", "nobody@"))
    nowhere = databases.with_name(postgresql, "nowhere")
    assert "is not there" in prepare(tmp_path, nowhere)


@contextmanager
def says_it_is(version: bytes, port: int) -> Iterator[int]:
    """The port of a PostgreSQL that is this one, but for the version that it tells of itself.

    No older one is to be had here: what is between the driver and the real server changes two
    digits of what the server says first.
    """
    told = re.compile(rb"server_version\0\d\d")
    listener = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(told.sub(b"server_version\0" + version, data))
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_a_postgresql_that_is_too_old(tmp_path, postgresql):
    url = databases.create(postgresql)
    port = urlsplit(url).port
    assert port
    with says_it_is(b"13", port) as older:
        said = prepare(tmp_path, url.replace(f":{port}", f":{older}"))
    assert "too old" in said
    assert "PostgreSQL 14 or later is required (found 13" in said


def test_a_mongodb_that_is_too_old(tmp_path):
    with emulator("5.0") as url:
        said = prepare(tmp_path, databases.create(url))
    assert "too old" in said
    assert "MongoDB 6.0 or later is required (found 5.0" in said


def test_a_mongodb_that_does_not_know_who_is_there(tmp_path):
    with emulator("8.0", "ann") as url:
        address = databases.create(url)
        known = address.replace("//", "//{}@") + "&authSource=admin"
        assert "may not" in prepare(tmp_path, address)
        assert "user or the password" in prepare(tmp_path, known.format("ann:wrong"))
        assert "user or the password" in prepare(tmp_path, known.format("bob:secret"))


@contextmanager
def emulator(*options: str) -> Iterator[str]:
    try:
        with servers.mongodb_emulator(*options) as url:
            yield url
    except servers.MissingError as error:
        missing(str(error))
