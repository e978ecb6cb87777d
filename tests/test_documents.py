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
