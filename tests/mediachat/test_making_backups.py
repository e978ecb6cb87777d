"""What a backup is called, and what it takes along."""

import errno
import os
from pathlib import Path

import pytest
from django.conf import LazySettings

from mediachat.backups import archive, making


@pytest.fixture(autouse=True)
def _without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def database(scratch: Path, progress: object) -> Path:
        packed = scratch / "database.gz"
        packed.write_bytes(b"packed")
        return packed

    monkeypatch.setattr(making, "_check", lambda: None)
    monkeypatch.setattr(making, "_migrations", list)
    monkeypatch.setattr(making, "_database", database)


def make(folder: Path) -> Path:
    return making.make(folder, lambda *_: None, with_files=False)


def without_links(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("has_links", [True, False])
def test_those_of_one_second_have_names_of_their_own(
    has_links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if not has_links:
        monkeypatch.setattr(os, "link", without_links)
    draft = tmp_path / "draft"
    for name in ("one", "two", "three"):
        draft.write_text(name)
        made = making._named(draft, tmp_path, "mediachat")
        assert made.read_text() == name
        draft.unlink(missing_ok=True)
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == ["mediachat-2.tar", "mediachat-3.tar", "mediachat.tar"]


def test_a_file_system_needs_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "link", without_links)
    made = make(tmp_path)
    assert [made] == list(tmp_path.iterdir())
    assert made.stat().st_mode & 0o777 == 0o600
    assert archive.DATABASE in archive.verified(made, lambda *_: None).members


@pytest.mark.parametrize("is_used", [True, False])
def test_a_secret_that_is_not_used_stays_out(is_used: bool, tmp_path: Path, settings: LazySettings):
    settings.DATA_DIR = tmp_path
    settings.SECRET_KEY = "used" * 10
    assert making.secret_file() is None
    (tmp_path / "secret_key").write_text(f"{settings.SECRET_KEY}\n" if is_used else "former")
    assert bool(making.secret_file()) is is_used
    made = make(tmp_path / "backups")
    found = archive.verified(made, lambda *_: None).members
    assert (archive.SECRET in found) is is_used
