"""Serves the few npm files that the page loads unchanged, under ``npm/``.

There is no bundler: browsers resolve modules by the import map (``chat.templatetags.page``).
"""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage

PREFIX = "npm"

PACKAGES: dict[str, tuple[str, ...]] = {
    "lit": ("index.js", "html.js", "*directive*.js", "static-html.js", "directives/*.js"),
    "lit-html": ("*.js", "directives/*.js"),
    "lit-element": ("index.js", "lit-element.js"),
    "@lit/reactive-element": ("reactive-element.js", "css-tag.js"),
    "@lit/context": ("index.js", "lib/*.js", "lib/controllers/*.js", "lib/decorators/*.js"),
    "dompurify": ("dist/purify.es.mjs",),
    "emoji-picker-element": ("index.js", "picker.js", "database.js"),
    "emoji-picker-element-data": ("en/emojibase/data.json",),
}
"""What is served of each package."""

MAIN = {
    "lit": "lit/index.js",
    "lit-html": "lit-html/lit-html.js",
    "lit-element": "lit-element/index.js",
    "@lit/reactive-element": "@lit/reactive-element/reactive-element.js",
    "@lit/context": "@lit/context/index.js",
    "dompurify": "dompurify/dist/purify.es.mjs",
    "emoji-picker-element": "emoji-picker-element/index.js",
}
"""What a package's bare name means."""


def served_files(folder: Path) -> list[str]:
    """Returns the files to serve, relative to ``node_modules``, each with its source map if it has
    one.

    Django's manifest follows the reference to the map, so the map has to exist.
    """
    return sorted(
        file.relative_to(folder).as_posix()
        for package, patterns in PACKAGES.items()
        for pattern in patterns
        for module in (folder / package).glob(pattern)
        for file in (module, module.with_name(f"{module.name}.map"))
        if file.is_file()
    )


class NpmFinder(BaseFinder):
    """Finds these files for ``collectstatic`` and for the development server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.folder = Path(settings.NPM_DIR)
        self.storage = FileSystemStorage(location=self.folder)
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]

    @cached_property
    def files(self) -> frozenset[str]:
        return frozenset(served_files(self.folder))

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        missing = [package for package in PACKAGES if not (self.folder / package).is_dir()]
        if not missing:
            return []
        return [
            Error(
                f"The page needs {', '.join(missing)} from npm.",
                hint="Run `npm ci --omit=dev` beside manage.py, or `make run`, which does it.",
                id="mediachat.E010",
            )
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        prefix, _, name = path.replace("\\", "/").partition("/")
        found = str(self.folder / name) if prefix == PREFIX and name in self.files else None
        if find_all:
            return [found] if found else []
        return found or []

    def list(self, ignore_patterns: Iterable[str] | None) -> Any:
        for name in sorted(self.files):
            if not matches_patterns(name, list(ignore_patterns or [])):
                yield name, self.storage
