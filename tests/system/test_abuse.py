"""No peer can hurt the others: each command and each address at its dearest, 20 times a second.

Several attackers attack at once, each a person (or nobody) of their own, by another case and from
another address: all together are harsher than each alone, which is what is promised. Where a
group adds too much to the answers of a victim, its halves attack by themselves, down to the one
who is to blame. Beside it a second victim sends the same to a server that nobody attacks, in the
same seconds: it tells how slow the machine itself is.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from tests.conftest import Serve
from tests.support.live import ROOT, Server, environment
from tests.system.abuse import inputs
from tests.system.abuse.world import AT_ONCE, SETS

pytestmark = pytest.mark.once

SECONDS = 10.0
MANY = ("command Sync", "request GET /api/v1/rooms ")
"""Cases that ask for all of a person's rooms."""
P95 = 0.2
"""Seconds in which 95 of 100 messages of the victim are answered, whatever the attack."""
SLOWER = 6
"""Where the machine itself is so slow that even the server that nobody attacks needs long, the
attacked one may need so many times as long."""
GROWTH = 100 * 2**20
"""Bytes by which memory and disk may grow in one attack."""
COMES_BACK = 20.0
"""Seconds after which rooms that nobody follows any more have been forgotten."""
KEPT = 150 * 2**20
"""Bytes that all attacks together may leave in memory: in caches, each of which has a bound, and
in what the allocator keeps for the next."""


class Victim:
    """Reads what the victim's process writes."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.abuse.victim", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n"
        self.answers: list[tuple[float, float]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            at, took = line.split()
            self.answers.append((float(at), float(took)))

    def p95(self, since: float) -> float:
        """Of what was sent since then, in seconds; also of what is not answered yet."""
        took = [took for at, took in self.answers if at >= since]
        took.append(time.monotonic() - max([at for at, _ in self.answers], default=since) - 0.2)
        return sorted(took)[int(len(took) * 0.95)]

    def stop(self) -> None:
        assert self._process.poll() is None, "The victim gave up."
        self._process.kill()
        self._process.wait(10)


def _disk(server: Server) -> int:
    """Of the server's data and of its log."""
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]
    return sum(path.lstat().st_size for path in {*files, server.log_path})


def _memory(server: Server) -> int:
    """Of the process that serves. A picture is decoded in a child, which ends; one that has just
    begun still looks like the server itself, memory and all."""
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


def _cpu(server: Server) -> float:
    assert server.process is not None
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


def _fill(server: Server, attackers: int) -> dict[str, Any]:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.system.abuse.world", str(attackers)],
        cwd=ROOT,
        env=environment(server.data_dir, server.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    world: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return world


def _attack(server: Server, world: dict[str, Any], group: dict[str, str]) -> Iterator[Any]:
    """First yields when all are ready, then how it was for each."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.system.abuse.attackers"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    task = {"url": server.url, "world": world, "attackers": group, "seconds": SECONDS}
    process.stdin.write(json.dumps(task))
    process.stdin.close()
    assert process.stdout.readline() == "ready\n"
    yield None
    report = json.loads(process.stdout.read())
    assert process.wait(10) == 0
    yield report


def test_every_command_and_every_address_has_a_dearest_input():
    assert inputs.without_input() == []


@dataclass
class Scene:
    """Both servers, and who is on them."""

    server: Server
    world: dict[str, Any]
    victim: Victim
    quiet: Victim
    attacks: int = 0

    def attack(self, cases: Sequence[str]) -> "Outcome":
        """Several cases at once, each by a person of their own."""
        # The first of the persons have many rooms, which those need who ask for all of theirs.
        people = sorted(cases, key=lambda case: not case.startswith(MANY))
        first = AT_ONCE * (self.attacks % SETS)
        self.attacks += 1
        group = {case: f"attacker{number}" for number, case in enumerate(people, first)}
        attack = _attack(self.server, self.world, group)
        memory, disk = _memory(self.server), _disk(self.server)
        next(attack)
        since, worked, most = time.monotonic(), _cpu(self.server), memory
        while time.monotonic() < since + SECONDS:
            most = max(most, _memory(self.server))
            time.sleep(0.5)
        return Outcome(
            cases,
            here=self.victim.p95(since),
            there=self.quiet.p95(since),
            worked=(_cpu(self.server) - worked) / SECONDS,
            memory=most - memory,
            disk=_disk(self.server) - disk,
            answers=next(attack),
        )


@dataclass
class Outcome:
    """What an attack did: to the victim and to the one whom nobody attacks (seconds), to the
    processor (of one core), to memory and disk (bytes)."""

    cases: Sequence[str]
    here: float
    there: float
    worked: float
    memory: int
    disk: int
    answers: dict[str, Any]

    @property
    def is_slow(self) -> bool:
        return self.here > max(P95, self.there * SLOWER)

    @property
    def is_large(self) -> bool:
        return max(self.memory, self.disk) > GROWTH

    def __str__(self) -> str:
        each = [f"    {case}: {answers}" for case, answers in self.answers.items()]
        figures = (
            f"{len(self.cases)} at once: p95 {self.here * 1000:.0f} ms, of a server that nobody "
            f"attacks {self.there * 1000:.0f} ms; {self.worked:.0%} of a core; "
            f"memory +{self.memory / 2**20:.0f} MB, disk +{self.disk / 2**20:.0f} MB"
        )
        return "\n".join([figures, *each])


def _problems(scene: Scene, cases: Sequence[str]) -> list[str]:
    outcome = scene.attack(cases)
    print(outcome, flush=True)
    problems = [str(outcome)] if outcome.is_large else []
    if not outcome.is_slow:
        return problems
    if len(cases) == 1:
        return [*problems, str(outcome)]
    for half in (cases[::2], cases[1::2]):
        problems += _problems(scene, half)
    return problems


@pytest.fixture
def scene(serve: Serve) -> Iterator[Scene]:
    # Each attacker comes from an address of their own, as the proxy says.
    common: dict[str, Any] = {"TRUSTED_PROXY_COUNT": "1", "UPLOAD_QUOTA_MB": "40"}
    attacked = serve(expect_errors=True, **common)
    world = _fill(attacked, AT_ONCE * SETS)
    idle = serve(**common)
    quiet_world = _fill(idle, 0)
    listening = [name for name in world["crowd"] if name in world["sessions"]]
    victim = Victim(
        attacked.url,
        world["sessions"]["victim"],
        world["victim_room"],
        *(world["sessions"][name] for name in listening),
    )
    quiet = Victim(idle.url, quiet_world["sessions"]["victim"], quiet_world["victim_room"])
    yield Scene(attacked, world, victim, quiet)
    victim.stop()
    quiet.stop()


@pytest.mark.alone
@pytest.mark.timeout(900)
def test_no_peer_can_hurt_the_others(scene: Scene):
    memory = _memory(scene.server)
    cases = inputs.cases()
    groups = -(-len(cases) // AT_ONCE)
    problems: list[str] = []
    for number in range(groups):
        problems += _problems(scene, cases[number::groups])
    deadline = time.monotonic() + COMES_BACK
    while (grown := _memory(scene.server) - memory) > KEPT and time.monotonic() < deadline:
        time.sleep(1)
    print(f"memory +{grown / 2**20:.0f} MB after all")
    if grown > KEPT:
        problems.append(f"Its memory does not come back: +{grown / 2**20:.0f} MB after all.")
    assert not problems, "\n".join(problems)
