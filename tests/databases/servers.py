"""Database servers that the tests start for themselves, each on a free port with its own data."""

import fcntl
import glob
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.live import ROOT, free_port

EMULATOR_ENVIRONMENT = ROOT / ".venv-emulator"
EMULATOR_REQUIREMENTS = ROOT / "tests" / "databases" / "requirements-emulator.txt"
# It does one thing at a time, and meanwhile answers nobody.
EMULATOR_OPTIONS = "&".join(
    f"{name}=120000"
    for name in ("connectTimeoutMS", "serverSelectionTimeoutMS", "socketTimeoutMS", "wTimeoutMS")
)
NEWER_PYTHON = (3, 13)


class MissingError(Exception):
    """A program that the tests need is not on this machine, and how to get it."""


@contextmanager
def postgresql() -> Iterator[str]:
    """Debian's PostgreSQL, as the user of that name when we are root, which it refuses."""
    programs = _postgresql_programs()
    owner = _unprivileged()
    # Not below pytest's own folder, which is closed to that user.
    data = Path(tempfile.mkdtemp(prefix="mediachat-postgresql-"))
    if owner:
        shutil.chown(data, owner)
    port = free_port()
    run = {"user": owner, "cwd": data, "check": True, "stdout": subprocess.DEVNULL}
    initdb = [f"{programs}/initdb", "-D", "data", "-U", "mediachat", "--auth=trust"]
    subprocess.run([*initdb, "--encoding=UTF8", "--locale=C.UTF-8"], **run)  # type: ignore[call-overload]
    # Killed at the end, and nothing of it is kept: so it need not wait for the disk, nor look
    # through the databases of hundreds of tests for what to vacuum.
    options = (
        f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300"
        " -c autovacuum=off"
    )
    control = [f"{programs}/pg_ctl", "-D", "data", "-w"]
    subprocess.run([*control, "-o", options, "-l", "log", "start"], **run)  # type: ignore[call-overload]
    try:
        yield f"postgres://mediachat@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)  # type: ignore[call-overload]
        shutil.rmtree(data, ignore_errors=True)


def _postgresql_programs() -> str:
    if path := shutil.which("initdb"):
        return str(Path(path).resolve().parent)
    if found := sorted(glob.glob("/usr/lib/postgresql/*/bin")):
        return found[-1]
    raise MissingError("PostgreSQL is not installed. On Debian: apt-get install postgresql")


def _unprivileged() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


@contextmanager
def mongodb_emulator(*options: str) -> Iterator[str]:
    """An emulator of MongoDB (mongoeco): behaviour, and nothing about speed or disks.

    ``options`` are a version that it says it is, and a user whom it asks for a password.
    """
    python = _emulator_python()
    port = free_port()
    program = ROOT / "tests" / "databases" / "mongodb_emulator.py"
    command = [python, str(program), str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready", "The emulator did not start."
        yield f"mongodb://127.0.0.1:{port}/?{EMULATOR_OPTIONS}"
    finally:
        process.kill()
        process.wait(10)


def _emulator_python() -> str:
    """The emulator's own environment, made at the first use, by one run of the tests at a time."""
    python = EMULATOR_ENVIRONMENT / "bin" / "python"
    installed = EMULATOR_ENVIRONMENT / "installed"
    requirements = EMULATOR_REQUIREMENTS.read_text()
    with EMULATOR_REQUIREMENTS.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text() != requirements:
            print("Installing MongoDB's emulator ...", flush=True)
            newer = _newer_python()
            subprocess.run([newer, "-m", "venv", "--clear", EMULATOR_ENVIRONMENT], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--require-hashes", "-r", str(EMULATOR_REQUIREMENTS)], check=True)
            installed.write_text(requirements)
    return str(python)


def _newer_python() -> str:
    if sys.version_info >= NEWER_PYTHON:
        return sys.executable
    candidates = [shutil.which(f"python3.{minor}") for minor in (15, 14, 13)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted(glob.glob(f"{pyenv}/versions/3.1[3-9]*/bin/python3"), reverse=True)
    for candidate in filter(None, candidates):
        # A version manager's name for what it has not installed is found, and does not run.
        asked = subprocess.run(
            [candidate, "-c", "import venv, ensurepip"], capture_output=True, check=False
        )
        if asked.returncode == 0:
            return candidate
    raise MissingError(
        "MongoDB's emulator needs Python 3.13 or newer beside the one that runs the tests. "
        "Install one, or name a MongoDB server for the tests: TEST_MONGODB_URL=mongodb://localhost"
    )
