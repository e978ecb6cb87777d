"""Writes README.md and its plots from the results of the last runs."""

import re

from benchmarks import markdown, measure
from benchmarks.sections import HERE, SECTIONS, Result

INTRODUCTION = """# Benchmarks

Written by `make bench`; change the program, not this page. Ours and theirs run in turn on the
same load in one run, on loopback, and everything is removed afterwards. A message of ours is
checked, rendered, stored on SQLite with synchronous FULL and acknowledged; a raw pipe does
none of it. The crash tests (`tests/system/test_crash.py`) start the same server.

    make bench                  # everything
    make bench ONLY=fanout      # one, and the page keeps the others: {names}
    make bench ONLY=pair BEFORE=../earlier   # beside a checkout of an earlier version
    make bench QUICK=1          # small figures, only to try it; this page stays as it is

**CPU** is user and system time of the server's processes over what they delivered: it holds
better than wall time where the machine does other work, but caches and kernel work shared with
others raise it too. *Others* says how many cores other programs kept busy meanwhile. *Load*
says what part of one core the load generator (picows) used: far from 1, it was not what was
measured.
"""


MARK = "<!-- measured: {name} -->"
"""Stands before each section, so that a later run of others finds and keeps it."""
AFTER = re.compile(r"^## (?:Not measured yet|Machine and versions)$", re.MULTILINE)
"""The headings that follow the last section."""


def write(results: dict[str, Result]) -> None:
    """Puts what was measured into README.md. Sections that were not measured stay as they are."""
    if not results:
        return
    page = HERE / "README.md"
    before = _sections(page.read_text()) if page.exists() else {}
    sections = {}
    for name, section in SECTIONS.items():
        if name in results:
            sections[name] = f"{section(results[name])}\n\n{_when(results[name])}"
        elif name in before:
            sections[name] = before[name]
    parts = [INTRODUCTION.format(names=", ".join(SECTIONS)), _summary(sections)]
    parts += [f"{MARK.format(name=name)}\n\n{text}" for name, text in sections.items()]
    if missing := [name for name in SECTIONS if name not in sections]:
        parts.append(
            f"## Not measured yet\n\n{', '.join(missing)}: `make bench ONLY=…` measures one."
        )
    latest = max(results.values(), key=lambda each: each["measured_at"])
    parts.append(_machine(latest, page.read_text() if page.exists() else ""))
    page.write_text("\n\n".join(part.strip() for part in parts) + "\n")


def _sections(page: str) -> dict[str, str]:
    """The text of each section of a page that ``write`` wrote, by name."""
    parts = re.split(r"^<!-- measured: (\w+) -->$", page, flags=re.MULTILINE)
    names, texts = parts[1::2], parts[2::2]
    return {name: AFTER.split(text)[0].strip() for name, text in zip(names, texts, strict=True)}


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
    return (
        f"*{result['measured_at']}, {result['took_s']} s, others kept about "
        f"{result['others_cores']} of {cores} busy.*"
    )


def _machine(result: Result, page: str) -> str:
    """What was measured with. A program that is gone by now was there when its sections were
    written, so the page keeps its version."""
    table = page.split("## Machine and versions")[-1]
    before = dict(re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE))
    rows = [
        [name, before.get(name, "") if version == measure.NOT_INSTALLED else version]
        for name, version in [*result["machine"].items(), *result["versions"].items()]
    ]
    return "## Machine and versions\n\n" + markdown.table(("what", "which"), rows)
