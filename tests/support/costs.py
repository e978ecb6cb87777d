"""What the tests cost in CPU: ``pytest -p tests.support.costs`` tells it by file at the end.

Two cores are busy for all of ``make test``, so CPU decides how long it takes, not the time that
single tests wait. Counted are pytest itself, all that it has started, and the database's server.
"""

import functools
import os
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests import databases

TICKS = os.sysconf("SC_CLK_TCK")


class Costs:
    def __init__(self) -> None:
        self._of_files: dict[str, float] = defaultdict(float)
        self._of_tests: dict[str, float] = {}
        self._of_server: dict[str, float] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before = spent()
        result = yield
        # Less than nothing where processes end that nobody waits for, as a browser's do.
        own, servers = (max(0, now - then) for now, then in zip(spent(), before, strict=True))
        file = item.nodeid.partition("::")[0]
        self._of_files[file] += own + servers
        self._of_server[file] += servers
        self._of_tests[item.nodeid] = own + servers
        self._counts[file] += 1
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        tell = terminalreporter.write_line
        terminalreporter.section("CPU seconds: all, of the database's server, tests, file")
        for file, cost in sorted(self._of_files.items(), key=lambda each: -each[1]):
            tell(f"{cost:8.1f} {self._of_server[file]:8.1f} {self._counts[file]:6} {file}")
        total, server = sum(self._of_files.values()), sum(self._of_server.values())
        tell(f"{total:8.1f} {server:8.1f} {sum(self._counts.values()):6} in all")
        terminalreporter.section("CPU seconds: the dearest tests")
        dearest = sorted(self._of_tests.items(), key=lambda each: -each[1])
        for test, cost in dearest[:40]:
            tell(f"{cost:8.1f} {test}")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Costs())


def spent() -> tuple[float, float]:
    """CPU seconds of this process and all below it, and of the database's server."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # What comes before the last bracket is the program's name, which may have any letters.
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        process = int(path.parent.name)
        parents[process] = int(fields[1])
        # Of its own and of its children that have ended, in itself and in the kernel.
        seconds[process] = sum(map(int, fields[11:15])) / TICKS
    return (
        _below(os.getpid(), parents, seconds),
        _below(_database_server(), parents, seconds),
    )


@functools.cache
def _database_server() -> int:
    """The process that listens at the address of this run's database, which pytest did not start;
    0 for SQLite."""
    port = urlsplit(databases.server() or "").port
    listening = psutil.net_connections() if port else []
    return next((each.pid or 0 for each in listening if each.laddr[1:2] == (port,)), 0)


def _below(top: int, parents: dict[int, int], seconds: dict[int, float]) -> float:
    total = 0.0
    for process, cost in seconds.items():
        above = process
        while above and above != top:
            above = parents.get(above, 0)
        total += cost if top and above == top else 0
    return total
