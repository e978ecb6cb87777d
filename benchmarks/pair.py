"""This version beside an earlier one: the same load on the server of each checkout in turn.

``make bench ONLY=pair BEFORE=DIRECTORY``, where the directory is a checkout of the earlier version
with its ``node_modules``. Each runs in its own checkout, with its own client of the load, and in
the same environment.
"""

import asyncio
import json
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import markdown

if TYPE_CHECKING:
    from benchmarks.scenarios import Ours, Scale

HERE = Path(__file__).resolve()
STARTS = 3
"""How often both servers are started. Two servers of the same version can differ by a tenth."""
ROUNDS = 3
"""Rounds with the same servers. In the last, servers are also killed, and all come back."""

Figures = dict[str, float]


async def pair(scale: "Scale") -> dict[str, Any]:
    """This version and the one of the checkout BEFORE, in turn."""
    before = HERE.parent.parent / os.environ["BEFORE"]
    rounds: dict[str, list[Figures]] = {"before": [], "now": []}
    sides = {"before": before, "now": HERE.parent.parent}
    for _ in range(STARTS):
        running = {name: await _Side.start(checkout) for name, checkout in sides.items()}
        try:
            for number in range(ROUNDS):
                # Each is first in turn, by a round and by a start.
                running = dict(reversed(running.items()))
                found = await _round(running, scale, last=number == ROUNDS - 1)
                for name, figures in found.items():
                    rounds[name].append(figures)
        finally:
            for side in running.values():
                await side.stop()
        sides = dict(reversed(sides.items()))
    commit = await _output("git", "-C", str(before), "rev-parse", "--short", "HEAD")
    return {"before": commit.strip(), "rows": _rows(rounds)}


async def _round(sides: "dict[str, _Side]", scale: "Scale", *, last: bool) -> dict[str, Figures]:
    """The figures of both for each step, which is done right after one another: what else the
    machine does changes by the minute."""
    found: dict[str, Figures] = {name: {} for name in sides}
    for step in STEPS if last else STEPS[:-1]:
        for name, side in sides.items():
            found[name] |= await side.do(step, scale)
    return found


@dataclass
class _Side:
    """A version: the process that measures it from its own checkout."""

    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, checkout: Path) -> "_Side":
        # -P: the modules beside this file are named like others'.
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(HERE),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=checkout,
                env=os.environ | {"PYTHONPATH": str(checkout)},
            )
        )

    async def do(self, step: str, scale: "Scale") -> Figures:
        assert self.process.stdin
        assert self.process.stdout
        task = {"step": step, "messages": scale.messages, "returning": scale.returning // 4}
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        figures: Figures = json.loads(await self.process.stdout.readline())
        return figures

    async def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        await self.process.wait()


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode()


def _rows(rounds: dict[str, list[Figures]]) -> list[dict[str, Any]]:
    """The median of all rounds of each, and of the ratios within a round."""
    rows = []
    for what in rounds["now"][-1]:
        before = [each[what] for each in rounds["before"] if what in each]
        now = [each[what] for each in rounds["now"] if what in each]
        ratios = [later / earlier for earlier, later in zip(before, now, strict=True)]
        middle = {
            name: round(statistics.median(values), 2)
            for name, values in (("before", before), ("now", now), ("ratio", ratios))
        }
        rows.append({"what": what, "ratios": ratios} | middle)
    return rows


def section(result: dict[str, Any]) -> str:
    rows = result["rows"]
    heads = ("what", f"{result['before']}", "now", "ratio, median", "ratios")
    table = [
        [
            row["what"],
            row["before"],
            row["now"],
            f"{row['ratio']:.2f}",
            ", ".join(f"{ratio:.2f}" for ratio in row["ratios"]),
        ]
        for row in rows
    ]
    return "\n\n".join(
        [
            f"## This version beside {result['before']}",
            f"In one run: {STARTS} starts of both servers, {ROUNDS} rounds each. Each load goes to "
            "both right after one another, each first in turn; the medians, and the ratio of each "
            "round.",
            markdown.table(heads, table),
            markdown.goals([(row["what"], row["ratio"], 1.1) for row in rows]),
        ]
    )


# -- In the other process, which imports the checkout's own benchmarks ------------------------


STEPS = (
    "fan-out to 200, 20 under way",
    "fan-out to 200, 5 under way",
    "fan-out to 200, 1 under way",
    "100 rooms of five, plain text",
    "100 rooms of five, markdown",
    "100 rooms of five, 500 a second",
    "come back",
)


async def serve_steps() -> None:
    """Measures the checkout that is the working directory: for each step that a line of standard
    input names, a line of figures."""
    from benchmarks import scenarios

    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    async with (
        scenarios.ours("--rooms", "1", "--members", "200") as one_room,
        scenarios.ours("--rooms", "100", "--members", "5") as rooms,
    ):
        while line := await lines.readline():
            task = json.loads(line)
            if task["step"] == STEPS[-1]:
                figures = await _comeback(task["returning"])
            elif task["step"].startswith("fan-out"):
                figures = await _load(one_room, task["step"], task["messages"])
            else:
                figures = await _load(rooms, task["step"], task["messages"])
            print(json.dumps(figures), flush=True)


async def _load(running: "Ours", step: str, messages: int) -> Figures:
    from benchmarks import scenarios
    from benchmarks.load import Load

    if step.startswith("fan-out"):
        window = int(step.split()[-3])
        count = messages * 2 if window > 1 else messages // 2
        load = Load(rooms=1, members=200, messages=count, window=window)
        unit, field = "a delivery", "cpu_us_per_delivery"
    else:
        options: dict[str, Any] = {"messages": max(messages // 20, 5)}
        if step.endswith("markdown"):
            options["markdown"] = True
        elif step.endswith("a second"):
            options |= {"rate": 500, "messages": max(messages // 50, 5)}
        load = Load(rooms=100, members=5, window=4, senders=5, **options)
        unit, field = "a message", "cpu_us_per_message"
    (row,) = await scenarios._measured([load], running.connect, lambda: running.pids, limit=60)
    assert not row["lost"], row
    return {f"{step}: CPU µs {unit}": row[field]}


async def _comeback(returning: int) -> Figures:
    from benchmarks import scenarios

    back = await scenarios.comeback(scenarios.Scale(returning=returning))
    return {
        f"{returning} come back: CPU ms each": back["cpu_ms_per_client"],
        f"{returning} come back: s until all are in step": back["in_step_s"],
    }


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve_steps())
