"""A PostgreSQL of the tests' own that fails in the ways in which database servers fail."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from tests import databases


class PostgreSQL:
    """One that can be killed and started again as it was, paused, and robbed of its disk.

    ``base`` is the address of a server that ``servers.postgresql`` started.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        with psycopg.connect(databases.with_name(base, "postgres")) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row
        self.data = Path(row[0])
        self.command = (self.data / "postmaster.opts").read_text()
        self.again: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        if everything := self._processes():
            os.kill(everything[0].pid, signal.SIGQUIT)  # at once, as when its machine fails
            psutil.wait_procs(everything, 20)

    def start(self) -> None:
        with (self.data.parent / "log").open("ab") as log:
            self.again = subprocess.Popen(
                ["sh", "-c", f"exec {self.command}"],
                cwd=self.data.parent,
                user=self.data.owner() if os.geteuid() == 0 else None,
                stdout=log,
                stderr=log,
            )

    @contextmanager
    def away(self) -> Iterator[None]:
        """Killed, and started again at the end, also of a test that fails: the next ones use it."""
        self.kill()
        try:
            yield
        finally:
            self.start()
            self.wait_until_ready()

    def wait_until_ready(self, seconds: float = 30) -> None:
        """Returns when it takes connections: after a crash it first repeats what it logged."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, f"It did not come back: {self._last_words()}"
                time.sleep(0.05)
            else:
                return

    def execute(self, *statements: str) -> None:
        """Runs statements as its administrator, each in a transaction of its own."""
        address = databases.with_name(self.base, "postgres")
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
            for statement in statements:
                connection.execute(statement)

    def _last_words(self) -> str:
        return (self.data.parent / "log").read_text(errors="replace")[-2000:]

    def deadlocks(self) -> int:
        """How many its log tells of; its statistics count none that a victim survives."""
        return (self.data.parent / "log").read_text(errors="replace").count("deadlock detected")

    def pause(self) -> None:
        """Stops all of its processes, as when its machine is suspended."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def fill_disk(self) -> None:
        """No file of it may grow or be written any more: it panics, as on a disk that is full of
        its log, and cannot come back by itself."""
        self._limit_files("0")

    def empty_disk(self) -> None:
        """Makes room, and starts it again where it has ended meanwhile."""
        self._limit_files("unlimited")
        try:
            self.wait_until_ready(2)
        except AssertionError:
            self.kill()
            self.start()

    def _limit_files(self, size: str) -> None:
        owner = self.data.owner() if os.geteuid() == 0 else None
        for process in self._processes():
            # As their owner: another user, root of a container too, may not.
            limit = ["prlimit", f"--pid={process.pid}", f"--fsize={size}:unlimited"]
            subprocess.run(limit, user=owner, check=False, stderr=subprocess.DEVNULL)

    def _processes(self) -> list[psutil.Process]:
        """All that run, if any; the one that started the others is the first."""
        try:
            first = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return [first, *first.children(recursive=True)]
        except (FileNotFoundError, psutil.NoSuchProcess):
            return []

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes():
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                pass
