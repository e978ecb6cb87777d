"""What stands beside the code agrees with it: documents, editors' tasks, CI."""

import json
import re
import subprocess
import tomllib

import pytest
import yaml

from mediachat import VERSION
from tests.support.live import ROOT

DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md"))
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """What `make` alone lists."""
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  ([a-z-]+):", listed, re.MULTILINE))


def test_make_alone_lists_the_commands(commands: set[str]) -> None:
    assert {"help", "run", "serve", "test", "check"} <= commands


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_lists_every_command_that_a_document_names(document, commands: set[str]) -> None:
    named = re.findall(r"(?:`|^)make ([a-z-]+)", document.read_text(), re.MULTILINE)
    assert set(named) <= commands


@pytest.mark.parametrize("name", [".vscode/tasks.json", ".devcontainer/devcontainer.json"])
def test_editors_start_targets_that_are_there(name: str) -> None:
    commands = re.findall(r'"make ([^"]+)"', (ROOT / name).read_text())
    assert commands
    for targets in commands:
        subprocess.run(["make", "--dry-run", *targets.split()], cwd=ROOT, check=True)


def test_all_parts_have_one_version() -> None:
    parts = [".", "static/chat", "extensions/vscode"]
    packages = [ROOT / part / "package.json" for part in parts]
    locks = [ROOT / part / "package-lock.json" for part in (".", "extensions/vscode")]
    versions = {str(path): json.loads(path.read_text())["version"] for path in packages + locks}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert versions | {"pyproject.toml": project["version"]} == dict.fromkeys(
        [*versions, "pyproject.toml"], VERSION
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_are_there(document) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", document.read_text()):
        name, _, heading = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            assert heading in map(_anchor, titles), target


def _anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def test_what_hosts_read_can_be_read() -> None:
    for path in [*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml"]:
        assert yaml.safe_load(path.read_text()), path
    for path in [*ROOT.glob(".vscode/*.json"), *ROOT.glob(".devcontainer/*.json")]:
        assert json.loads(path.read_text()), path


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_what_is_there_with_pinned_actions(workflow) -> None:
    steps = [
        step
        for job in yaml.safe_load(workflow.read_text())["jobs"].values()
        for step in job["steps"]
    ]
    for action in (step["uses"] for step in steps if "uses" in step):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action
    for command in (step["run"] for step in steps if "run" in step):
        if command.startswith("make "):
            subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True)
        else:
            assert (ROOT / command).is_file(), command


SETTINGS = (ROOT / "mediachat" / "settings.py").read_text()
SET_BY_MAKE = {"WEB_CONCURRENCY": "WORKERS"}
"""What `make serve` reads under a name of its own, which is the one to document."""
READ_BY_MAKE = {"HOST"}


def test_the_readme_names_every_setting_and_no_other() -> None:
    table = (ROOT / "README.md").read_text().partition("### Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    read = set(re.findall(r'\benv\.\w+\("(\w+)"', SETTINGS))
    assert {"SECRET_KEY", "RELOAD"} <= read
    assert named == {SET_BY_MAKE.get(name, name) for name in read} | READ_BY_MAKE


SERVER = ("accounts", "chat", "mediachat")
TOLD_AS_A_WHOLE = {"formats", "management", "migrations", "templatetags"}
"""Folders whose files Django finds by their place: the map need not name them one by one."""


ENTRIES = 14
"""The column in which the map's entries begin, behind the names of the top folders."""


def _mapped() -> set[str]:
    """The paths that the map names, folders with a slash at their end.

    What stands further to the right than a folder is in that folder, as is the rest of its line.
    """
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    drawn = text.partition("## The map")[2].split("```")[1]
    # Of the extension it names no files.
    lines = drawn.partition("\nextensions/")[0].splitlines()
    paths: set[str] = set()
    open_folders: list[tuple[int, str]] = []
    for line in filter(str.strip, lines):
        column = len(line) - len(line.lstrip())
        for word in re.finditer(r"[\w./-]+", line):
            if word.start() == column or (column == 0 and word.start() == ENTRIES):
                while open_folders and open_folders[-1][0] >= word.start():
                    open_folders.pop()
                if word[0].endswith("/"):
                    parent = open_folders[-1][1] if open_folders else ""
                    open_folders.append((word.start(), parent + word[0]))
                    paths.add(parent + word[0])
            if word[0].endswith((".py", ".js", ".d.ts")):
                paths.add(open_folders[-1][1] + word[0].rstrip("."))
    return paths


def test_the_map_names_every_module_of_the_server() -> None:
    modules = {
        path.relative_to(ROOT)
        for package in SERVER
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert len(modules) > 100
    told = {path.as_posix() for path in modules if not TOLD_AS_A_WHOLE & set(path.parts)}
    assert told - _mapped() == set(), "docs/ARCHITECTURE.md lacks them"


def test_the_map_names_every_folder_of_the_page() -> None:
    folders = {path.parent for path in (ROOT / "static/chat").rglob("*.js")}
    told = {f"{folder.relative_to(ROOT).as_posix()}/" for folder in folders}
    assert told - _mapped() == set(), "docs/ARCHITECTURE.md lacks them"


def test_the_map_names_nothing_that_is_gone() -> None:
    assert {path for path in _mapped() if not (ROOT / path).exists()} == set()
