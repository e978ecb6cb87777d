"""Storing files: under names of the server's own, within limits, and without leftovers."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from chat import serializers
from chat.actions import attachments
from chat.actions.attachments import MEGABYTE, store_attachment
from chat.concurrency.executors import close_connections
from chat.models import Attachment
from chat.protocol import ErrorCode
from tests.chat.conftest import refused, say
from tests.support import pictures

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Room

pytestmark = pytest.mark.django_db


def stored_names() -> set[str]:
    names: set[str] = set()
    for folder in ("attachments", "thumbnails"):
        if default_storage.exists(folder):
            for part in default_storage.listdir(folder)[0]:
                files = default_storage.listdir(f"{folder}/{part}")[1]
                names |= {f"{folder}/{part}/{name}" for name in files}
    return names


def store(user: "User", name: str, content: bytes) -> Attachment:
    return store_attachment(user, file=SimpleUploadedFile(name, content))


def test_a_file_is_stored_under_a_name_of_the_servers_own(owner: "User") -> None:
    file = store(owner, "../../evil.html", pictures.HTML)
    assert re.fullmatch(rf"attachments/[0-9a-f]{{2}}/{file.pk}", file.file.name or "")
    assert file.name == "evil.html" and file.size == len(pictures.HTML)
    with file.file.open() as content:
        assert content.read() == pictures.HTML


@pytest.mark.once
def test_a_picture_is_stored_with_its_size_and_a_thumbnail(owner: "User") -> None:
    file = store(owner, "x.jpg", pictures.with_metadata("JPEG", size=(1000, 500)))
    assert (file.content_type, file.width, file.height) == ("image/jpeg", 1000, 500)
    with file.file.open() as content:
        stored = content.read()
    assert file.size == len(stored) and pictures.SECRET not in stored
    assert file.summary()["thumbnail"] is True
    assert default_storage.exists(file.thumbnail.name or "")


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.png", pictures.HTML, "mislabeled"),
        ("x.jpg", pictures.heic(), "mislabeled"),
        ("x.png", b"%PDF-1.7", "mislabeled"),
        ("x.mp4", pictures.picture("PNG"), "mislabeled"),
        ("invoice.pdf", pictures.PROGRAM, "mislabeled"),
        ("x.png", pictures.picture("PNG")[:30], "unreadable"),
        ("x.jpg", pictures.jpeg_of_many_scans(100, side=100), "unreadable"),
        ("x.png", pictures.huge_png(13_000, 13_000, rows=200), "too_many_pixels"),
        ("x.heic", pictures.heic(), None),
        ("x.tif", b"II*\0" + bytes(100), None),
    ],
)
def test_what_cannot_be_shown_is_kept_as_a_file_that_says_why(
    owner: "User", private_room: "Room", name: str, content: bytes, problem: str | None
) -> None:
    file = store(owner, name, content)
    assert (file.name, file.problem) == (name, problem)
    assert (file.width, file.height, file.thumbnail.name) == (None, None, "")
    row = say(owner, private_room, "look", attachments=[file.pk])
    (told,) = serializers.messages([row])[0].attachments
    assert told == serializers.attachment(Attachment.objects.get(pk=file.pk))
    assert (told.problem, told.thumbnail_url) == (problem, None)
    assert told.metadata_kept is (name == "x.tif" or len(content) == 30)
    with file.file.open() as stored:
        assert pictures.SECRET not in stored.read()


@pytest.mark.once
def test_a_small_animation_is_its_own_thumbnail(owner: "User") -> None:
    file = store(owner, "x.gif", pictures.animation("GIF"))
    assert file.thumbnail.name == file.file.name


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.bin", b"x" * (MEGABYTE + 1), ErrorCode.TOO_LARGE),
        ("x.bin", b"x" * 600_000, ErrorCode.QUOTA_EXCEEDED),
    ],
)
def test_a_file_that_is_refused_leaves_nothing_behind(
    owner: "User", settings: Settings, name: str, content: bytes, code: ErrorCode
) -> None:
    settings.MAX_UPLOAD_MB = 1
    settings.UPLOAD_QUOTA_MB = 1
    store(owner, "first.bin", b"x" * 500_000)
    before = stored_names()
    refused(code, store, owner, name, content)
    assert stored_names() == before
    assert Attachment.objects.count() == 1


def test_the_quota_is_each_persons_own(owner: "User", member: "User", settings: Settings) -> None:
    settings.UPLOAD_QUOTA_MB = 1
    store(owner, "x.bin", b"x" * 900_000)
    assert store(member, "x.bin", b"x" * 900_000).size == 900_000


def test_someone_who_is_suspended_stores_nothing(suspended: "User") -> None:
    refused(ErrorCode.NOT_FOUND, store, suspended, "x.txt", b"x")


def test_a_store_that_fails_leaves_no_row_and_no_file(
    owner: "User", monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored_names()
    real = default_storage.save

    def full(name: str, content: Any, **kwargs: Any) -> str:
        if name.startswith("thumbnails/"):
            raise OSError(28, "No space left on device")
        return real(name, content, **kwargs)

    monkeypatch.setattr(default_storage, "save", full)
    with pytest.raises(OSError, match="No space"):
        store(owner, "x.png", pictures.picture("PNG"))
    assert stored_names() == before
    assert not Attachment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_no_message_took_is_deleted_in_time(
    owner: "User", private_room: "Room"
) -> None:
    old, taken, fresh = (store(owner, "x.txt", b"x") for _ in range(3))
    say(owner, private_room, "", attachments=[taken.pk])
    long_ago = timezone.now() - attachments.UNCLAIMED_FOR - timedelta(minutes=1)
    Attachment.objects.filter(pk__in=[old.pk, taken.pk]).update(created_at=long_ago)
    store(owner, "x.txt", b"x")
    close_connections()  # waits for the threads
    assert not Attachment.objects.filter(pk=old.pk).exists()
    assert not default_storage.exists(old.file.name or "")
    for kept in (taken, fresh):
        assert default_storage.exists(kept.file.name or "")
