"""The documents name what is there: commands of make."""

import re
import subprocess

import pytest

from tests.live import ROOT

DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md"))


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
