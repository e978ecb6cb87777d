"""Tables and goals as Markdown."""

from collections.abc import Sequence
from typing import Any


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in lines)


def goal(what: str, value: float, limit: float, *, least: bool = False) -> str:
    reached = value >= limit if least else value <= limit
    sign = "≥" if least else "≤"
    word = "reached" if reached else "**missed**"
    return f"- {word}: {what} {value:,.4g} (goal {sign} {limit:,})"


def goals(goals: Sequence[tuple[str, float | None, float]]) -> str:
    return "\n".join(
        goal(what, value, limit) if value is not None else f"- not measured: {what}"
        for what, value, limit in goals
    )
