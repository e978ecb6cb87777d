"""A stranger's first minutes: a clone, and the commands of the README.

The commands install everything from the package registries, as they would for the stranger.
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.support.live import ROOT, free_port

FIRST_START = 180
LATER_START = 5


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What is committed, and nothing else."""
    path = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, path], check=True)
    return path


def _environment() -> dict[str, str]:
    hidden = (
        "DEBUG",
        "DATA_DIR",
        "DATABASE_URL",
        "DJANGO_SETTINGS_MODULE",
        "VIRTUAL_ENV",
        "MAKEFLAGS",
        "MAKELEVEL",
        "PYTHONUNBUFFERED",  # what is said has to arrive in a file without it
    )
    return {name: value for name, value in os.environ.items() if name not in hidden}


class Started:
    """A make command that serves, in its own process group, until it is left."""

    def __init__(self, clone: Path, target: str, within: float) -> None:
        self.clone, self.target, self.within = clone, target, within
        self.port = free_port()
        self.output = clone.parent / f"{target}.txt"
        self.took = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Started":
        started = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", self.target, f"PORT={self.port}"],
                cwd=self.clone,
                env=_environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while time.monotonic() - started < self.within:
            assert self.process.poll() is None, self.output.read_text()[-3000:]
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    self.took = time.monotonic() - started
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        self.__exit__()
        raise AssertionError(f"not within {self.within} s: {self.output.read_text()[-3000:]}")

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


@pytest.mark.timeout(3 * FIRST_START + 120)
def test_a_stranger_runs_it_with_one_command_and_becomes_its_administrator(clone: Path):
    with Started(clone, "run", FIRST_START * _slowness()) as first:
        said = first.output.read_text()
        assert f"http://127.0.0.1:{first.port}/" in said
        link = re.search(r"http://\S+/accounts/first-administrator/\S+", said)
        assert link is not None, said
        page = httpx.get(link[0].replace("localhost", "127.0.0.1"), follow_redirects=True)
        assert page.status_code == 200
        assert httpx.get(f"{first.url}/accounts/signup/").status_code == 200
        static = re.search(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert static is not None
        assert httpx.get(f"{first.url}{static[1]}").status_code == 200
    secret = clone / "var" / "secret_key"
    assert secret.stat().st_mode & 0o077 == 0
    untracked = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert untracked.stdout == ""

    with Started(clone, "run", 60) as again:
        assert again.took < LATER_START * _slowness(), f"{again.took:.1f} s"


def _slowness() -> float:
    """How much busier this machine is than one that only starts a chat."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
