"""The commands of docs/OPERATIONS.md for backing up and restoring, tried as they stand there."""

import re
import shutil
import sqlite3
import subprocess

import pytest

from tests import databases
from tests.databases.test_copy import export, run
from tests.live import ROOT

OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text()
pytestmark = pytest.mark.timeout(400)


def command(beginning: str) -> str:
    found = re.search(rf"^    ({beginning}.+)$", OPERATIONS, re.MULTILINE)
    assert found, f"{beginning} is not in docs/OPERATIONS.md"
    return found[1]


def test_postgresql(tmp_path, postgresql):
    url = databases.create(postgresql)
    run(tmp_path, url, "-m", "tests.databases.fill", "200")
    folder = tmp_path / "backup"
    folder.mkdir()
    server = f"PGHOST=127.0.0.1 PGUSER=mediachat PGPORT={postgresql.rpartition(':')[2]}"
    for line in (command("pg_dump"), command("createdb")):
        line = line.replace("/backup", str(folder)).replace("$DATABASE_URL", url)
        line = " && ".join(f"{server} {part}" for part in line.split(" && "))
        subprocess.run(["sh", "-c", line], check=True)
    restored = databases.with_name(postgresql, "chat_restored")
    assert export(tmp_path, restored) == export(tmp_path, url)


def test_sqlite(tmp_path):
    data = tmp_path / "live"
    data.mkdir()
    url = f"sqlite:///{data}/db.sqlite3"
    run(tmp_path, url, "-m", "tests.databases.fill", "200")
    line = command("sqlite3").replace("/backup", str(tmp_path)).replace("$DATA_DIR", str(data))
    before = export(tmp_path, url)
    # Someone has it open and writes.
    with sqlite3.connect(data / "db.sqlite3") as busy:
        busy.execute("CREATE TABLE scratch (a)")
        if shutil.which("sqlite3"):
            subprocess.run(["sh", "-c", line], check=True)
        else:
            with sqlite3.connect(tmp_path / "db.sqlite3") as backup:
                sqlite3.connect(data / "db.sqlite3").backup(backup)
    assert export(tmp_path, f"sqlite:///{tmp_path}/db.sqlite3") == before
