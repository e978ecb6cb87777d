"""A backup of PostgreSQL goes on after it stood still for longer than servers of ours may."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests import databases
from tests.databases.test_copy import run

PROGRAM = """
import django, sys, time
django.setup()
from pathlib import Path
from mediachat.backups import snapshot
snapshot.take(Path(sys.argv[1]), lambda table, *_: time.sleep(0.5 * (table == "chat_message")))
"""


def test_a_backup_may_wait_for_its_disk(tmp_path: Path, postgresql: str):
    url = databases.create(postgresql)
    run(tmp_path, url, "-m", "tests.databases.fill", "20")
    impatient = f"{url}?options=-c%20idle_in_transaction_session_timeout%3D100"
    taken = tmp_path / "taken.sqlite3"
    run(tmp_path, impatient, "-c", PROGRAM, str(taken))
    with closing(sqlite3.connect(taken)) as database:
        assert database.execute("SELECT count(*) > 0 FROM chat_message").fetchone() == (1,)
