"""A backup of each database is restored into an empty one of any kind, whole or not at all."""

import gzip
import io
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from mediachat.backups import BackupError
from mediachat.backups.restoring import Restore
from tests import databases
from tests.databases.busy import WRITTEN
from tests.databases.test_copy import export, run
from tests.support.live import ROOT

OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text()
MESSAGES = 200
pytestmark = pytest.mark.timeout(400)


class Place:
    """An installation: a data directory and a database."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.url = url or f"sqlite:///{self.data}/db.sqlite3"

    def filled(self) -> "Place":
        run(self.folder, self.url, "-m", "tests.databases.fill", str(MESSAGES))
        return self

    def manage(
        self, *arguments: object, before: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.python("manage.py", *arguments, before=before)

    def python(
        self, *arguments: object, before: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            preexec_fn=before,
        )

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "mediachat.settings",
            "DEBUG": "1",
        }

    def backup(self, to: Path, *options: str) -> Path:
        done = self.manage("backup", to, *options)
        assert done.returncode == 0, done.stderr
        (archive,) = to.glob("*.tar")
        return archive

    def restore(self, archive: Path) -> str:
        done = self.manage("restore", archive)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, archive: Path) -> str:
        done = self.manage("restore", archive)
        assert done.returncode == 1, done.stdout
        return " ".join(done.stderr.split())

    def rows(self) -> str:
        return export(self.folder, self.url)

    def files(self) -> dict[str, bytes]:
        media = self.data / "media"
        found = (path for path in media.rglob("*") if path.is_file())
        return {str(path.relative_to(media)): path.read_bytes() for path in found}

    def epoch(self) -> str:
        program = (
            "import django; django.setup()\n"
            "from chat.actions import history; print(history.epoch())"
        )
        return run(self.folder, self.url, "-c", program).strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("live")).filled()


@pytest.fixture(scope="module")
def made(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place.backup(tmp_path_factory.mktemp("backups"))


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path))


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    return Place(tmp_path / "empty")


# -- Every database ------------------------------------------------------------------------------


def at(kind: str, request: pytest.FixtureRequest) -> str:
    """The address of an empty database; '' for a file in the data directory."""
    return databases.create(request.getfixturevalue(kind)) if kind != "sqlite" else ""


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("sqlite", "mongodb"),
        ("mongodb", "postgresql"),
        ("postgresql", "sqlite"),
    ],
)
def test_all_of_it_is_there_again_in_another_epoch(
    source: str, target: str, tmp_path: Path, request: pytest.FixtureRequest
):
    live = Place(tmp_path / "live", at(source, request)).filled()
    before = live.epoch()
    archive = live.backup(tmp_path / "backups")
    assert archive.stat().st_mode & 0o777 == 0o600
    other = Place(tmp_path / "other", at(target, request))
    other.restore(archive)
    assert other.epoch() != before
    program = (
        "import django; django.setup()\n"
        "import sys, uuid; from chat.actions import history; "
        "history.begin_epoch(epoch=uuid.UUID(sys.argv[1]))"
    )
    run(other.folder, other.url, "-c", program, before)
    assert other.rows() == live.rows()
    assert other.files() == live.files() != {}
    assert (other.data / "secret_key").read_text() == (live.data / "secret_key").read_text()
    assert not list(other.data.glob("*restor*"))
    assert run(other.folder, other.url, "manage.py", "prepare")


@pytest.mark.parametrize("kind", ["postgresql", "mongodb"])
def test_of_each_room_there_is_a_beginning_without_gaps(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
):
    path = tmp_path / "snapshot.sqlite3"
    said = run(tmp_path, at(kind, request), "-m", "tests.databases.busy", str(path))
    assert int(said.splitlines()[-1]) > WRITTEN
    with closing(sqlite3.connect(path)) as taken:
        numbers = taken.execute("SELECT number FROM chat_message ORDER BY number").fetchall()
        assert numbers == [(number,) for number in range(1, WRITTEN + 1)]
        assert taken.execute("PRAGMA foreign_key_check").fetchall() == []
        assert taken.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        # MongoDB shows that one of them has gone meanwhile, PostgreSQL the moment of the beginning.
        settled_by = taken.execute("SELECT settled_by_id IS NULL FROM chat_report").fetchall()
        assert settled_by == [(0 if kind == "postgresql" else 1,)]
        (people,) = taken.execute("SELECT count(*) FROM chat_membership").fetchone()
        assert people == (2 if kind == "postgresql" else 1)


def test_nothing_was_ever_uploaded(tmp_path: Path, empty: Place):
    live = Place(tmp_path / "live")
    run(live.folder, live.url, "manage.py", "migrate")
    empty.restore(live.backup(tmp_path / "backups"))
    assert empty.files() == {}


# -- What is refused, before anything is changed ----------------------------------------------


def untouched(place: Place) -> bool:
    """Whether a restore has left nothing."""
    left = {path.name for path in place.data.iterdir()} - {"secret_key", "static"}
    return all(name.startswith("db.sqlite3") for name in left)


def why_not(archive: Path) -> str:
    """What the check says, which comes before all else and writes nothing."""
    with pytest.raises(BackupError) as refused:
        Restore(archive, lambda *_: None).check()
    return str(refused.value)


def test_a_damaged_or_cut_off_archive_is_refused(archive: Path, empty: Place):
    whole = archive.read_bytes()
    middle = len(whole) // 2
    archive.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert "damaged" in empty.refused(archive)
    assert untouched(empty)
    archive.write_bytes(whole[: middle // 512 * 512])
    assert "part of" in why_not(archive)
    archive.write_bytes(whole[: whole.rindex(b"manifest.json")])
    assert "part of" in why_not(archive)
    archive.write_bytes(b"no tar")
    assert "no backup" in why_not(archive)
    assert "There is no file" in why_not(archive.with_name("nothing.tar"))


def rewritten(archive: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The archive with other members, and sums that fit them."""
    other = archive.with_name("other.tar")
    members: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for entry in tar:
            file = tar.extractfile(entry)
            assert file
            if changed := change(entry.name, file.read()):
                members[changed[0]] = changed[1]
    manifest = json.loads(members.pop("manifest.json"))
    manifest["made_at"] += " "
    manifest["members"] = {
        name: {"size": len(content), "sha256": sha256(content).hexdigest()}
        for name, content in members.items()
    }
    with tarfile.open(other, "w") as tar:
        for name, content in [*members.items(), ("manifest.json", json.dumps(manifest).encode())]:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return other


@pytest.mark.parametrize(
    "name",
    ["../outside", "/tmp/outside", "media/../../outside", "media/./x", "settings.py", "media"],
)
def test_nothing_leaves_the_folder(name: str, archive: Path):
    def change(member: str, content: bytes) -> tuple[str, bytes]:
        return (name, content) if member.startswith("media/") else (member, content)

    assert "which no backup has" in why_not(rewritten(archive, change))


def test_a_link_is_refused(archive: Path):
    with tarfile.open(archive, "a") as tar:
        entry = tarfile.TarInfo("media/link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    assert "which no backup has" in why_not(archive)


def claiming(field: str, value: object, archive: Path) -> Path:
    """The archive with this in its manifest."""

    def change(member: str, content: bytes) -> tuple[str, bytes]:
        if member == "manifest.json":
            content = json.dumps(json.loads(content) | {field: value}).encode()
        return member, content

    return rewritten(archive, change)


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", "99.0.0"), ("migrations", ["chat.9999_of_tomorrow"]), ("format", 99)],
)
def test_a_newer_version_is_refused(field: str, value: object, archive: Path):
    assert "Install that version" in why_not(claiming(field, value, archive))


@pytest.mark.parametrize(
    ("field", "value"), [("version", 5), ("migrations", None), ("has_files", "perhaps")]
)
def test_a_manifest_that_says_nonsense_is_refused(field: str, value: object, archive: Path):
    assert "manifest cannot be read" in why_not(claiming(field, value, archive))


def test_a_place_that_is_not_empty_is_refused(place: Place, archive: Path, empty: Place):
    rows, files = place.rows(), place.files()
    assert "not empty" in place.refused(archive)
    assert (place.rows(), place.files()) == (rows, files)
    lost = empty.data / "media" / "attachments" / "of-somebody"
    lost.parent.mkdir(parents=True)
    lost.write_bytes(b"x")
    assert "not empty: it has attachments/of-somebody" in empty.refused(archive)


def test_one_that_was_only_started_is_empty(place: Place, archive: Path, empty: Place):
    run(empty.folder, empty.url, "manage.py", "prepare")
    empty.epoch()
    empty.restore(archive)
    assert empty.files() == place.files()


def test_it_can_be_looked_at_without_restoring(archive: Path, empty: Place):
    done = empty.manage("restore", "--check", archive)
    assert done.returncode == 0, done.stderr
    assert "The backup is whole." in done.stdout
    verified = [line for line in done.stdout.splitlines() if line.startswith("verified")]
    assert "(100 %)" in verified[-1]
    assert "version 0.1.0 on sqlite" in done.stdout
    assert untouched(empty)


# -- What fails half-way ---------------------------------------------------------------------------


def killed_when(command: list[str], environment: dict[str, str], said: str) -> None:
    """Kills a process when it has said what this pattern finds."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    with process.stdout:
        for line in process.stdout:
            if re.search(said, line):
                process.send_signal(signal.SIGKILL)
                break
    assert process.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
@pytest.mark.parametrize("word", ["unpacked", "chat_message "])
def test_a_restore_that_was_killed_goes_on(
    target: str, word: str, archive: Path, tmp_path: Path, request: pytest.FixtureRequest
):
    if target == "sqlite" and word == "chat_message ":  # which is unpacked, and no more than that
        word = r"unpacked .*\(100 %\)"
    other = Place(tmp_path / "other", at(target, request))
    environment = other.environment() | {"PYTHONUNBUFFERED": "1"}
    killed_when(["manage.py", "restore", str(archive)], environment, word)
    with pytest.raises(AssertionError, match="has not finished"):
        run(other.folder, other.url, "manage.py", "prepare")
    if target != "sqlite":  # nor does one on another machine, which does not see this folder
        with pytest.raises(AssertionError, match="has not finished"):
            run(tmp_path / "another", other.url, "manage.py", "prepare")
    second = rewritten(archive, lambda name, content: (name, content))
    assert "part of another backup" in other.refused(second)
    elsewhere = Place(tmp_path / "elsewhere", at(target, request))
    elsewhere.data = other.data
    assert "begun with another database" in elsewhere.refused(archive)
    other.restore(archive)
    assert other.files()
    assert run(other.folder, other.url, "manage.py", "prepare")


def test_one_that_ended_before_it_could_say_so_is_said_to_be_done(archive: Path, empty: Place):
    """The database is in its place, and the note is still there."""
    killed = "import mediachat.backups.restoring as it, os; it.os.sync = lambda: os._exit(9)\n"
    program = (
        f"import django; django.setup()\n{killed}from django.core.management import call_command\n"
    )
    program += f"call_command('restore', {str(archive)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=empty.environment(), check=False
    )
    assert done.returncode == 9
    epoch = empty.epoch()
    empty.restore(archive)
    assert empty.epoch() == epoch
    assert not list(empty.data.glob("*restor*"))


def full_disk() -> None:
    """No file may grow beyond some bytes: to a program, a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_a_full_disk_leaves_no_half_archive(place: Place, tmp_path: Path):
    folder = tmp_path / "backups"
    done = place.manage("backup", folder, before=full_disk)
    assert done.returncode == 1
    assert "There is no backup" in done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_one_that_is_ended_leaves_nothing(ending: signal.Signals, place: Place, tmp_path: Path):
    folder = tmp_path / "backups"
    large = place.data / "media" / "large"
    large.write_bytes(os.urandom(200_000_000))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup", str(folder)], cwd=ROOT, env=place.environment()
    )
    while not any(folder.glob(".mediachat-backup-*/archive")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(ending)
    assert process.wait(20) == 128 + ending
    large.unlink()
    assert list(folder.iterdir()) == []


def test_without_the_secret(place: Place, tmp_path: Path, empty: Place):
    archive = place.backup(tmp_path / "backups", "--without-secret")
    with tarfile.open(archive) as tar:
        assert "secret_key" not in tar.getnames()
        stored = tar.extractfile("database.sqlite3.gz")
        assert stored
        assert gzip.decompress(stored.read()).startswith(b"SQLite format 3")
    assert "It has no secret" in empty.restore(archive)


# -- The database's own tools ------------------------------------------------------------------


def command(beginning: str) -> str:
    found = re.search(rf"^    ({beginning}.+)$", OPERATIONS, re.MULTILINE)
    assert found, f"{beginning} is not in docs/OPERATIONS.md"
    return found[1]


def test_the_commands_for_postgresql(tmp_path: Path, postgresql: str):
    live = Place(tmp_path / "live", databases.create(postgresql)).filled()
    other = Place(tmp_path / "other", databases.with_name(postgresql, "chat_restored"))
    before = live.epoch()
    folder = tmp_path / "backup"
    folder.mkdir()
    server = f"PGHOST=127.0.0.1 PGUSER=mediachat PGPORT={postgresql.rpartition(':')[2]}"

    def shell(line: str) -> None:
        line = line.replace("/backup", str(folder)).replace("$DATABASE_URL", live.url)
        line = line.replace("postgres://…/chat_restored", other.url)
        line = line.replace("manage.py", f"{sys.executable} manage.py")
        line = " && ".join(f"{server} {part}" for part in line.split(" && "))
        subprocess.run(["sh", "-c", line], check=True, cwd=ROOT, env=live.environment())

    for beginning in ("umask 077 && pg_dump", "createdb"):
        shell(command(beginning))
    assert (folder / "chat.dump").stat().st_mode & 0o777 == 0o600
    assert other.rows() == live.rows()
    shell(command("DATABASE_URL="))
    assert live.epoch() == before
    assert other.epoch() != before
