"""``manage.py limits_reference``: lists the constants of the code in docs/OPERATIONS.md."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

DOCUMENT = Path("docs") / "OPERATIONS.md"
BEGIN = "<!-- The constants: made by `manage.py limits_reference`. -->\n"
END = "<!-- The end of the constants. -->\n"
APPS = ("accounts", "chat", "mediachat")
LEFT_OUT = ("management", "migrations", "mongodb", "settings.py", "copying.py")
"""Files of which no peer meets a constant: commands and databases, and settings, which the tables
above name."""
NO_LIMITS = {"MEGABYTE", "MIB", "VERSION", "TEXT", "PORT", "SECRET_LENGTH"}
"""Figures that are not limits: units, words of protocols, advice to operators."""

Row = tuple[str, str, str, str]


def rows(root: Path) -> Iterator[Row]:
    """File, name, value and meaning of each public figure that stands at the top of a module."""
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            file = path.relative_to(root)
            if not set(file.parts) & set(LEFT_OUT):
                yield from _rows_of(file, ast.parse(path.read_text()))


def _rows_of(file: Path, tree: ast.Module) -> Iterator[Row]:
    module = ".".join(file.with_suffix("").parts)
    for number, node in enumerate(tree.body):
        name = _constant(node)
        if not name or name.startswith("_") or name in NO_LIMITS:
            continue
        value = getattr(import_module(module), name)
        if isinstance(value, int | float | timedelta) and not isinstance(value, bool):
            yield str(file), name, _written(value), _meaning(tree.body[number + 1 :])


def _constant(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        return name if name.isupper() else ""
    return ""


def _written(value: float | timedelta) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():,.0f} s"
    return f"{value:,}"


def _meaning(following: list[ast.stmt]) -> str:
    """The first sentence of what is said below a constant, or below several together."""
    for node in following:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = " ".join(str(node.value.value).split())
            return text.split(". ")[0].rstrip(".").replace("|", "\\|").replace("``", "`")
        if not _constant(node):
            break
    return ""


def table(root: Path) -> str:
    """What stands between ``BEGIN`` and ``END``."""
    lines = ["| file | constant | value | what it is |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{file}` | `{name}` | {value} | {what} |" for file, name, value, what in rows(root)
    ]
    return "\n".join(["", *lines, "", ""])


def document(root: Path) -> str:
    """docs/OPERATIONS.md as it should be."""
    before, rest = (root / DOCUMENT).read_text().split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table(root)}{END}{after}"


class Command(BaseCommand):
    help = "Lists the constants of the code, with their values, in docs/OPERATIONS.md."

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.BASE_DIR)
        (root / DOCUMENT).write_text(document(root))
