"""A restore into a database on which, against all advice, a server is running."""

from pathlib import Path

import pytest

from tests import databases
from tests.databases.test_backup import Place
from tests.databases.test_copy import run

PROGRAM = """
import django, sys
django.setup()
from pathlib import Path
from chat.actions import history
from mediachat.backups.restoring import Restore

def progress(what: str, *_: object) -> None:
    if "bytes" not in what:
        history.epoch()  # as a server does at each heartbeat, which makes it where there is none

Restore(Path(sys.argv[1]), progress).run()
"""


@pytest.mark.timeout(400)
def test_a_server_that_makes_an_epoch_meanwhile_is_overruled(tmp_path: Path, postgresql: str):
    live = Place(tmp_path / "live").filled()
    before = live.epoch()
    archive = live.backup(tmp_path / "backups")
    other = Place(tmp_path / "other", databases.create(postgresql))
    run(other.folder, other.url, "-c", PROGRAM, str(archive))
    assert other.epoch() != before
    assert other.files() == live.files()
    assert run(other.folder, other.url, "manage.py", "prepare")
