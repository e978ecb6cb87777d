"""Real processes for tests: the production server and Redis, started, killed and read by pid."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
import psutil

from tests import databases
from tests.support import sessions

ROOT = Path(__file__).resolve().parents[2]

EXCEPTION = re.compile(
    r"Traceback \(most recent call last\)"
    r"|\bERROR\b|\bCRITICAL\b|\"level\": ?\"(error|critical)\"|\[(error|critical) *\]"
    r"|Task exception was never retrieved|was never awaited"
    # Caught, so that the server lives on, but without a failing machine still a defect.
    r"|heartbeat_failed|log_unreadable"
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def environment(data_dir: Path, extra: dict[str, str]) -> dict[str, str]:
    """What a server sees: nothing of the tests' own settings, and this data directory."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DEBUG", "DJANGO_SETTINGS_MODULE", "REDIS_URL", "DATABASE_URL")
    }
    ours = {"DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}
    return kept | ours | databases.settings_for(data_dir) | extra


@dataclass
class Seeded:
    """A data directory that holds the cast, and the ids of its rooms by name."""

    data_dir: Path
    rooms: dict[str, str]

    def copy(self, to: Path) -> Path:
        shutil.copytree(self.data_dir, to, ignore=shutil.ignore_patterns("static"))
        (to / "static").symlink_to(self.data_dir / "static")
        databases.assign_copy(to, of=self.data_dir)
        return to


def seed(data_dir: Path, **settings: str) -> Seeded:
    """Migrates a new database, or one that the environment names, and puts the cast into it."""
    databases.assign(data_dir)
    return fill(data_dir, **settings)


def fill(data_dir: Path, **settings: str) -> Seeded:
    """The same in the empty database that this data directory has already."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.support.seed"],
        cwd=ROOT,
        env=environment(data_dir, settings),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return Seeded(data_dir, json.loads(finished.stdout.splitlines()[-1]))


@dataclass
class Server:
    """The production server: what `make serve` runs, on a free port with its own data."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    workers: int = 1
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def log_path(self) -> Path:
        return self.data_dir / f"server-{self.port}.log"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def command(self) -> str:
        """What `make serve` runs once everything is prepared, asked of make itself."""
        recipe = subprocess.run(
            ["make", "--dry-run", "serve", f"PORT={self.port}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        lines = recipe.stdout.replace("\\\n", " ").splitlines()
        line = next(line for line in lines if "-m mediachat.server" in line)
        return line.replace(".venv/bin/python", shlex.quote(sys.executable))

    def start(self, *, wait: bool = True) -> None:
        settings = {"WEB_CONCURRENCY": str(self.workers)} | self.environment
        log: IO[bytes]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", self.command()],
                cwd=ROOT,
                env=environment(self.data_dir, settings),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        sessions.served(self.url, self.data_dir)
        if wait:
            self.wait_until_healthy()

    def wait_until_healthy(self, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"The server ended: {self.log[-5000:]}")
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"The server was not healthy in {seconds} s: {self.log[-5000:]}")

    def kill(self) -> None:
        """Ends it at once, as a power cut or the kernel would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it as a deployment would, and as the kernel if that takes too long."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        self.kill()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def memory(self) -> int:
        """The resident set of the process and its children, in bytes."""
        assert self.process is not None
        root = psutil.Process(self.process.pid)
        return sum(p.memory_info().rss for p in [root, *root.children(recursive=True)])

    def manage(self, *arguments: str, timeout: float = 180) -> str:
        """Runs a management command beside the server, on its data."""
        finished = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(self.data_dir, self.environment),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def assert_no_exception_logged(self, since: int = 0) -> None:
        log = self.log[since:]
        if found := EXCEPTION.search(log):
            raise AssertionError(log[max(0, found.start() - 500) : found.start() + 4000])


@dataclass
class Redis:
    """A Redis that keeps nothing, as a channel layer's may."""

    program: str
    directory: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.directory.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 0.2):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("Redis did not start.")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    stop = kill
