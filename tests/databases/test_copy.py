"""Moving an installation from database to database and back loses and changes nothing.

``COPY_MESSAGES=100000`` makes it as large as a busy installation (``make test-copy``): the emulator
of MongoDB reads everything for each page, so the ordinary run is small.
"""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.live import ROOT

MESSAGES = int(os.environ.get("COPY_MESSAGES", "200"))
BATCH = min(5_000, MESSAGES // 5)
TIMEOUT_SECONDS = 120 + MESSAGES // 50
"""Seconds for one copy. The emulator of MongoDB is slow."""
MOST_MEMORY = 400 * 1024 * 1024
"""Bytes that a copy may hold, whatever there is to copy."""
pytestmark = pytest.mark.timeout(8 * TIMEOUT_SECONDS)

EXPORT = """
import django, sys
django.setup()
from mediachat.databases.copy_database import canonical, tables
from django.db import models
for model in tables():
    print(model._meta.label)
    rows = models.QuerySet(model, using="default").order_by("pk")
    last = None
    while page := list((rows if last is None else rows.filter(pk__gt=last))[:5000]):
        print(*map(canonical, page), sep="\\n")
        last = page[-1].pk
"""


def run(tmp_path: Path, url: str, *arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(tmp_path, url),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return finished.stdout


def environment(tmp_path: Path, url: str) -> dict[str, str]:
    return os.environ | {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "mediachat.settings",
        "PYTHONPATH": str(ROOT),
        "DEBUG": "1",
    }


def export(tmp_path: Path, url: str) -> str:
    """Every row of every table, as one digest."""
    lines = sorted(run(tmp_path, url, "-c", EXPORT).splitlines())
    assert lines
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def command(source: str, target: str) -> list[str]:
    """Tells of each batch."""
    given = [source, target, "--batch", str(BATCH), "--verbosity", "2"]
    return [sys.executable, "manage.py", "copy_database", *given]


def copy(tmp_path: Path, source: str, target: str) -> str:
    started = time.monotonic()
    process = subprocess.Popen(
        command(source, target),
        cwd=ROOT,
        env=environment(tmp_path, ""),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said, memory = "", 0
    with process.stdout:
        for line in process.stdout:
            said += line
            # The most that it ever held; gone with the process, and with its last word at hand.
            status = Path(f"/proc/{process.pid}/status")
            if found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text()):
                memory = int(found[1]) * 1024
    assert process.wait() == 0, said[-3000:]
    assert memory < MOST_MEMORY
    kinds = (urlsplit(url).scheme for url in (source, target))
    took = time.monotonic() - started
    print(f"{' to '.join(kinds)}: {took:.0f} s, {memory / 2**20:.0f} MiB")
    return said


def kill_half_way(tmp_path: Path, source: str, target: str) -> None:
    """Kills a copy when it has written half of the messages."""
    process = subprocess.Popen(
        command(source, target),
        cwd=ROOT,
        env=environment(tmp_path, "") | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    done = 0
    with process.stdout:
        for line in process.stdout:
            if found := re.match(r"chat_message +([\d,]+) of", line):
                done = int(found[1].replace(",", ""))
                if done >= MESSAGES // 2:
                    process.send_signal(signal.SIGKILL)
                    break
    assert process.wait(10) == -signal.SIGKILL
    assert 0 < done < MESSAGES


def test_a_round_trip_through_all_three_with_a_kill_in_each(tmp_path, chain):
    run(tmp_path, chain[0], "-m", "tests.databases.fill", str(MESSAGES))
    before = export(tmp_path, chain[0])
    for source, target in pairwise(chain):
        kill_half_way(tmp_path, source, target)
        assert "are the same" in copy(tmp_path, source, target)
    assert export(tmp_path, chain[-1]) == before
    for url in chain[1:-1]:
        assert export(tmp_path, url) == before


def test_what_is_copied_can_be_served_and_goes_on_counting(tmp_path, chain):
    """New rows get ids after those that came along, on each database."""
    program = (
        "import django; django.setup()\n"
        "from django.contrib.auth.models import Group\n"
        "last = Group.objects.order_by('-pk').first().pk\n"
        "print(Group.objects.create(name=f'after {last}').pk > last)\n"
    )
    run(tmp_path, chain[0], "-m", "tests.databases.fill", "20")
    for source, target in pairwise(chain):
        copy(tmp_path, source, target)
        assert run(tmp_path, target, "-c", program).strip() == "True"


def refusal(tmp_path: Path, source: str, target: str) -> str:
    with pytest.raises(AssertionError) as refused:
        copy(tmp_path, source, target)
    return str(refused.value)


def test_a_target_that_is_not_empty_is_refused(tmp_path):
    first, second = (f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("first", "second"))
    for url in (first, second):
        run(tmp_path, url, "-m", "tests.databases.fill", "20")
    assert "not empty" in refusal(tmp_path, first, second)
    assert "same database" in refusal(tmp_path, first, first)


def test_a_copy_goes_on_from_its_own_source_alone_and_is_not_served_before(tmp_path):
    first, second, target = (
        f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("first", "second", "target")
    )
    for url in (first, second):
        run(tmp_path, url, "-m", "tests.databases.fill", str(MESSAGES))
    kill_half_way(tmp_path, first, target)
    assert "another source" in refusal(tmp_path, second, target)
    with pytest.raises(AssertionError, match="not finished"):
        run(tmp_path, target, "manage.py", "prepare")
    assert "run `manage.py new_epoch` there first" in copy(tmp_path, first, target)
    assert export(tmp_path, target) == export(tmp_path, first)
