"""A PostgreSQL of its own that a test can kill and start again as it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from tests import databases
from tests.components import missing
from tests.databases import servers


class PostgreSQL:
    """One that can be killed and started again as it was."""

    def __init__(self, base: str) -> None:
        self.base = base
        with psycopg.connect(databases.with_name(base, "postgres")) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row
        self.data = Path(row[0])
        self.command = (self.data / "postmaster.opts").read_text()
        self.again: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        everything = [postmaster, *postmaster.children(recursive=True)]
        os.kill(postmaster.pid, signal.SIGQUIT)  # at once, as when its machine fails
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
def stoppable_postgresql() -> Iterator[PostgreSQL]:
    """Skips the test, or fails it in CI, where PostgreSQL is not installed."""
    try:
        with servers.postgresql() as base:
            server = PostgreSQL(base)
            yield server
        if server.again:
            server.again.wait(20)
    except servers.MissingError as error:
        missing(str(error))


def main() -> None:
    """For tests in other languages: prints the address of an empty database, and kills and starts
    its server at the word, line by line, until there are no more."""
    with stoppable_postgresql() as server:
        print(databases.create(server.base), flush=True)
        for line in sys.stdin:
            if line.strip() == "kill":
                server.kill()
            else:
                server.start()
            print("done", flush=True)


if __name__ == "__main__":
    main()
