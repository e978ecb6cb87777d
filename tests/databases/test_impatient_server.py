"""A PostgreSQL that ends sessions which nobody uses: long commands wait for it in many places."""

from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests import databases
from tests.databases.test_backup import Place

SLOWLY = """
import sys, time
import django
django.setup()
from django.core.management import call_command
from mediachat.databases import copy_database

def slowly(work, is_slow):
    def do(*args, **kwargs):
        done = work(*args, **kwargs)
        if is_slow(args[0]):
            time.sleep(0.6)
        return done
    return do

is_message = lambda model: model._meta.label == "chat.Message"
copy_database.make_tables = slowly(copy_database.make_tables, lambda alias: True)
copy_database.checksum = slowly(copy_database.checksum, is_message)
copy_database._insert = slowly(copy_database._insert, is_message)
call_command(*sys.argv[1:])
"""


def impatient(url: str) -> str:
    """From now on a session of this database ends when it has been idle for a fifth of a second."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = urlsplit(url).path[1:]
        connection.execute(f"ALTER DATABASE \"{name}\" SET idle_session_timeout = '200ms'")
    return url


def slowly(place: Place, *command: object) -> None:
    done = place.python("-c", SLOWLY, *command)
    assert done.returncode == 0, done.stderr


def test_a_backup_a_restore_and_a_copy_outlast_it(tmp_path: Path, postgresql: str) -> None:
    live = Place(tmp_path / "live", databases.create(postgresql)).filled()
    impatient(live.url)
    slowly(live, "backup", tmp_path / "backups")
    (archive,) = (tmp_path / "backups").glob("*.tar")
    other = Place(tmp_path / "other", impatient(databases.create(postgresql)))
    slowly(other, "restore", archive)
    third = Place(tmp_path / "third", impatient(databases.create(postgresql)))
    slowly(third, "copy_database", other.url, third.url)
    assert third.rows() == other.rows()
