"""A PostgreSQL of its own that a test can kill and start again as it was."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests import databases
from tests.databases import servers
from tests.databases.mortal import PostgreSQL
from tests.support.components import missing


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
