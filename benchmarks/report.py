"""Writes README.md and its plots from the results of the last runs."""

from benchmarks import markdown
from benchmarks.sections import HERE, SECTIONS, Result

INTRODUCTION = """# Benchmarks

Written by `make bench`; change the program, not this page. Ours and theirs run in turn on the
same load in one run, on loopback, and everything is removed afterwards. A message of ours is
checked, rendered, stored on SQLite with synchronous FULL and acknowledged; a raw pipe does
none of it. The crash tests (`tests/system/test_crash.py`) start the same server.

    make bench                  # everything
    make bench ONLY=fanout      # one: {names}
    make bench QUICK=1          # small figures, only to try it; this page stays as it is

**CPU** is user and system time of the server's processes over what they delivered: it holds
better than wall time where the machine does other work, but caches and kernel work shared with
others raise it too. *Others* says how many cores other programs kept busy meanwhile. *Load*
says what part of one core the load generator (picows) used: far from 1, it was not what was
measured.
"""


def write(results: dict[str, Result]) -> None:
    """README.md has what was measured, and the goals that it reached or missed."""
    sections = {
        name: section(results[name]) for name, section in SECTIONS.items() if name in results
    }
    parts = [INTRODUCTION.format(names=", ".join(SECTIONS))]
    if results:
        parts.append(_summary(sections))
    for name, text in sections.items():
        parts += [text, _when(results[name])]
    if missing := [name for name in SECTIONS if name not in results]:
        parts.append(
            f"## Not measured yet\n\n{', '.join(missing)}: `make bench ONLY=…` measures one."
        )
    if results:
        parts.append(_machine(max(results.values(), key=lambda each: each["measured_at"])))
    (HERE / "README.md").write_text("\n\n".join(part.strip() for part in parts) + "\n")


def _summary(sections: dict[str, str]) -> str:
    """Every goal in one place, with where it is missed."""
    rows = []
    for name, text in sections.items():
        goals = [
            line
            for line in text.splitlines()
            if line.startswith(("- reached", "- **missed", "- not"))
        ]
        missed = [line for line in goals if not line.startswith("- reached")]
        rows.append(
            [
                name,
                f"{len(goals) - len(missed)} of {len(goals)}",
                "<br>".join(line[2:] for line in missed),
            ]
        )
    return "## Goals\n\n" + markdown.table(("what", "reached", "missed"), rows)


def _when(result: Result) -> str:
    cores = result["machine"]["processor"].split(", ")[-1]
    quick = " Small figures." if result["quick"] else ""
    return (
        f"*{result['measured_at']}, {result['took_s']} s, others kept about "
        f"{result['others_cores']} of {cores} busy.{quick}*"
    )


def _machine(result: Result) -> str:
    rows = [*result["machine"].items(), *result["versions"].items()]
    return "## Machine and versions\n\n" + markdown.table(("what", "which"), rows)
