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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import markdown

if TYPE_CHECKING:
    from benchmarks.scenarios import Scale

HERE = Path(__file__).resolve()
ROUNDS = 3


async def pair(scale: "Scale") -> dict[str, Any]:
    """This version and the one of the checkout BEFORE, in turn."""
    before = HERE.parent.parent / os.environ["BEFORE"]
    checkouts = {"before": before, "now": HERE.parent.parent}
    rounds: dict[str, list[dict[str, float]]] = {"before": [], "now": []}
    for number in range(ROUNDS):
        names = list(checkouts) if number % 2 else list(checkouts)[::-1]
        for name in names:
            rounds[name].append(await _run(checkouts[name], scale))
    commit = await _output("git", "-C", str(before), "rev-parse", "--short", "HEAD")
    return {"before": commit.strip(), "rounds": rounds, "rows": _rows(rounds)}


async def _run(checkout: Path, scale: "Scale") -> dict[str, float]:
    # -P: the modules beside this file are named like others'.
    output = await _output(
        sys.executable, "-P", str(HERE), str(scale.messages), str(scale.returning),
        cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)},
    )  # fmt: skip
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


async def _output(*command: str, **options: Any) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, **options
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}.")
    return output.decode()


def _rows(rounds: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    rows = []
    for what in rounds["now"][0]:
        before = [each[what] for each in rounds["before"]]
        now = [each[what] for each in rounds["now"]]
        ratios = [later / earlier for earlier, later in zip(before, now, strict=True)]
        middle = {
            name: statistics.median(values)
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
            f"In one run, {ROUNDS} rounds, each version first in turn; the medians, and the ratio "
            "of each round. A tenth either way is what two runs of the same version differ by.",
            markdown.table(heads, table),
            markdown.goals([(row["what"], row["ratio"], 1.1) for row in rows]),
        ]
    )


# -- In the other process, which imports the checkout's own benchmarks ------------------------


async def figures(messages: int, returning: int) -> dict[str, float]:
    """What fan-out, rooms and coming back cost in the checkout that is the working directory."""
    from benchmarks import scenarios
    from benchmarks.load import Load

    found: dict[str, float] = {}
    windows = (20, 5, 1)
    loads = [
        Load(
            rooms=1, members=200, messages=messages if window > 1 else messages // 4, window=window
        )
        for window in windows
    ]
    rows = await scenarios._ours_rows("fan-out", *loads)
    for window, row in zip(windows, rows, strict=True):
        assert not row["lost"]
        found[f"fan-out to 200, {window} under way: CPU µs a delivery"] = row["cpu_us_per_delivery"]
    each = max(messages // 10, 10)
    kinds: dict[str, dict[str, Any]] = {
        "plain text": {},
        "markdown": {"markdown": True},
        "500 a second": {"rate": 500},
    }
    loads = [
        Load(rooms=100, members=5, messages=each, window=4, senders=5, **options)
        for options in kinds.values()
    ]
    rows = await scenarios._ours_rows("rooms", *loads)
    for kind, row in zip(kinds, rows, strict=True):
        assert not row["lost"]
        found[f"100 rooms of five, {kind}: CPU µs a message"] = row["cpu_us_per_message"]
    back = await scenarios.comeback(scenarios.Scale(returning=returning))
    found[f"{returning} come back: CPU ms each"] = back["cpu_ms_per_client"]
    found[f"{returning} come back: s until all are in step"] = back["in_step_s"]
    return found


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(figures(*map(int, sys.argv[1:])))))
