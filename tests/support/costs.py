"""What the tests cost in CPU: ``pytest --costs=files``, or ``--costs=tests`` for each test too.

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
    def __init__(self, *, each_test: bool) -> None:
        self._each_test = each_test
        self._files: dict[str, float] = defaultdict(float)
        self._servers: dict[str, float] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)
        self._tests: dict[str, float] = {}
        self._before = spent()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        result = yield
        file = _file(item)
        self._counts[file] += 1
        if nextitem is not None and (self._each_test or _file(nextitem) != file):
            self._note(item)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """The last test is counted before its browser ends, which takes along what it has used."""
        if nextitem is None:
            self._note(item)

    def _note(self, item: pytest.Item) -> None:
        now = spent()
        own, server = (max(0, a - b) for a, b in zip(now, self._before, strict=True))
        self._before = now
        self._files[_file(item)] += own + server
        self._servers[_file(item)] += server
        self._tests[item.nodeid] = own + server

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        tell = terminalreporter.write_line
        terminalreporter.section("CPU seconds: all, of the database's server, tests, file")
        for file, cost in _dearest(self._files):
            tell(f"{cost:8.1f} {self._servers[file]:8.1f} {self._counts[file]:6} {file}")
        total, server = sum(self._files.values()), sum(self._servers.values())
        tell(f"{total:8.1f} {server:8.1f} {sum(self._counts.values()):6} in all")
        if self._each_test:
            terminalreporter.section("CPU seconds: the dearest tests")
            for test, cost in _dearest(self._tests)[:40]:
                tell(f"{cost:8.1f} {test}")


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _dearest(costs: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(costs.items(), key=lambda each: -each[1])


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
