"""Which files a backup finds in the store."""

import os
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from structlog.testing import capture_logs

from mediachat.backups import files


def test_links_are_followed_and_circles_and_closed_folders_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    media, elsewhere = tmp_path / "media", tmp_path / "elsewhere"
    for folder in (media / "attachments", media / "lost+found", elsewhere):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"x")
    (media / "attachments" / "round").symlink_to(media)
    (media / "outside").symlink_to(elsewhere)

    class Store(FileSystemStorage):
        def listdir(self, path: str) -> tuple[list[str], list[str]]:
            if path == "lost+found":  # the user root may read what is closed to all others
                raise PermissionError(13, "Permission denied")
            return super().listdir(path)

    monkeypatch.setattr(files, "default_storage", Store(location=media))
    with capture_logs() as said:
        assert files.sizes() == {"attachments/file": 1, "outside/file": 1}
    assert [line["folder"] for line in said] == ["attachments/round", "lost+found"]
    monkeypatch.setattr(files, "default_storage", Store(location=tmp_path / "nothing"))
    assert files.sizes() == {}


def test_what_no_restore_could_store_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("file", "a\\b", "two words", "ä"):
        (tmp_path / name).write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    monkeypatch.setattr(files, "default_storage", FileSystemStorage(location=tmp_path))
    with capture_logs() as said:
        assert set(files.sizes()) == {"file", "two words", "ä"}
    assert [line["file"] for line in said] == ["a\\b", "broken", "pipe"]
