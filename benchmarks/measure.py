"""What a process uses, what machine it is on, and what was installed."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that came from it."""
    pids = [pid]
    for each in pids:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            # A thread may end between being listed and being read.
            with suppress(FileNotFoundError, ProcessLookupError):
                pids.extend(int(child) for child in children.read_text().split())
    return pids


def cpu(pids: Iterable[int]) -> float:
    """Seconds of processor time, user and system, that these processes have used."""
    ticks = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def memory(pids: Iterable[int]) -> int:
    """Bytes that these processes hold for themselves; what they share is counted in parts."""
    total = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            pss = next(line for line in lines if line.startswith("Pss:"))
            total += int(pss.split()[1]) * 1024
    return total


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which this part of the values lies; 0 when there are none."""
    if not values:
        return 0.0
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50_ms": round(quantile(values, 0.5) * 1000, 2),
        "p95_ms": round(quantile(values, 0.95) * 1000, 2),
        "p99_ms": round(quantile(values, 0.99) * 1000, 2),
    }


class Noise:
    """How busy the machine was with anything but the benchmark, while it ran."""

    def __init__(self) -> None:
        self._before = self._read()

    @staticmethod
    def _read() -> tuple[float, float]:
        values = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(values) / TICKS, (values[3] + values[4]) / TICKS

    def others(self, ours: float) -> float:
        """Cores that others kept busy on average, when ours used so many seconds of them."""
        total, idle = self._read()
        wall = (total - self._before[0]) / (os.cpu_count() or 1)
        busy = (total - self._before[0]) - (idle - self._before[1])
        return round(max(0.0, busy - ours) / wall, 2) if wall else 0.0


def machine() -> dict[str, str]:
    info = Path("/proc/cpuinfo").read_text()
    model = next(
        (line.split(":")[1].strip() for line in info.splitlines() if "model name" in line), ""
    )
    memory_kib = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "processor": f"{model or platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{memory_kib / 1024 / 1024:.0f} GiB",
        "system": f"Linux {platform.release()}",
    }


NOT_INSTALLED = "not installed"


def versions() -> dict[str, str]:
    """What was measured, each by its own word."""
    found = {"Python": platform.python_version()}
    for name in ("django", "channels", "channels-redis", "uvicorn", "websockets", "uvloop"):
        found[name] = _package(name)
    found["daphne"] = _package("daphne")
    found["picows (load)"] = _package("picows")
    for name, command in {
        "Node.js": ["node", "--version"],
        "Redis": ["redis-server", "--version"],
        "ejabberd": ["dpkg-query", "-W", "-f", "${Version}", "ejabberd"],
        "Prosody": ["dpkg-query", "-W", "-f", "${Version}", "prosody"],
        "nginx": ["nginx", "-v"],
        "Chromium": ["chromium", "--version"],
    }.items():
        found[name] = _said(command)
    return found


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return NOT_INSTALLED


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return NOT_INSTALLED
    if done.returncode:
        return NOT_INSTALLED
    return (done.stdout or done.stderr).strip()[:80] or NOT_INSTALLED
