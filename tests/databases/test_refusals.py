"""A database that cannot be used is named in plain words when the server starts."""

import pytest
from django.db import NotSupportedError

from mediachat.databases import plainly
from tests import databases
from tests.mediachat.test_databases import prepare


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
    missing = databases.with_name(postgresql, "nowhere")
    assert "is not there" in prepare(tmp_path, missing)


@pytest.mark.parametrize("name", ["MongoDB 6.0", "PostgreSQL 14"])
def test_a_server_that_is_too_old(name):
    said = plainly(NotSupportedError(f"{name} or later is required (found 1)."))
    assert said.startswith("The database server is too old")
    assert name in said
