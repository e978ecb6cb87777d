"""What is timed on SQLite and on PostgreSQL, in processes of their own: searches, and indexes."""

import json
from typing import Any

import psycopg

from benchmarks import markdown, servers
from benchmarks.scenarios import Scale, scratch
from tests.databases import create
from tests.databases.servers import postgresql


async def find(scale: Scale) -> dict[str, Any]:
    """Finding people and rooms by name, among 10,000 of each."""
    return await _on_each("benchmarks.find")


async def indexes(scale: Scale) -> dict[str, Any]:
    """Storing a message with an index and without it, in turn."""
    return await _on_each("benchmarks.indexes")


async def _on_each(module: str) -> dict[str, Any]:
    async with scratch() as directory:
        rows = {"SQLite": _rows(servers.on_data(directory, module))}
        with postgresql() as base:
            address = create(base)
            rows["PostgreSQL"] = _rows(servers.on_data(directory, module, DATABASE_URL=address))
            with psycopg.connect(address) as connection:
                version = connection.execute("SHOW server_version").fetchone()
    return {"rows": rows, "postgresql": version[0] if version else ""}


def _rows(printed: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(printed)["rows"]
    return rows


def section_of_find(result: dict[str, Any]) -> str:
    sqlite, postgresql = (result["rows"][name] for name in ("SQLite", "PostgreSQL"))
    table = [
        [one["search"], one["finds"], one["cpu_ms"], other["cpu_ms"]]
        for one, other in zip(sqlite, postgresql, strict=True)
    ]
    heads = ("search", "finds", "SQLite, CPU ms", "PostgreSQL, CPU ms")
    return "\n\n".join(
        [
            "## Finding people and rooms by name, among 10,000 of each",
            "No index knows the middle of a word, so a search reads the names of all where it "
            "finds less than a page at the beginnings of words. CPU of the server and of "
            f"PostgreSQL {result['postgresql']} together. *Add people* and the completion of "
            "mentions ask with `people.find`.",
            markdown.table(heads, table),
            markdown.goals(
                [
                    (f"the dearest of people's, {name}, CPU ms", _dearest(rows), 20)
                    for name, rows in result["rows"].items()
                ]
            ),
        ]
    )


def _dearest(rows: list[dict[str, Any]]) -> float:
    return float(max(row["cpu_ms"] for row in rows if "admin" not in row["search"]))


def section_of_indexes(result: dict[str, Any]) -> str:
    table = [
        [f"{row['index']}, {name}", row["with_us"], row["without_us"], row["ratio"]]
        for name, rows in result["rows"].items()
        for row in rows
    ]
    heads = ("index", "with it, CPU µs a message", "without", "ratio, median")
    return "\n\n".join(
        [
            "## What the indexes of unread messages cost",
            "In one run: twenty messages at a time into a room of 100,000, nine turns with the "
            "index and without it. CPU of the server and of PostgreSQL "
            f"{result['postgresql']} together. With the first, one's own messages after a mark "
            "are counted without reading those of others; with the second, those that are gone.",
            markdown.table(heads, table),
            markdown.goals([("ratio", max(row[3] for row in table), 1.15)]),
        ]
    )
