"""The format of a backup file: a tar that ends with a manifest of its members.

The manifest comes last, because it has the checksum of each member: a file without one is
incomplete. Names are few and plain: ``database.sqlite3.gz``, ``media/…``, ``secret_key``.
"""

import hashlib
import io
import json
import re
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, field
from pathlib import Path
from typing import IO

from pydantic.dataclasses import dataclass

from mediachat.backups import BackupError
from mediachat.progress import Progress

_FORMAT = 1
"""Which kind of archive this is. It changes when an older version could not read it."""
DATABASE = "database.sqlite3.gz"
SECRET = "secret_key"  # noqa: S105
MEDIA = "media/"
MANIFEST = "manifest.json"
MANIFEST_LIMIT = 1024 * 1024 * 1024
"""Bytes of a manifest that are read: some hundred for each file."""
BLOCK = 1024 * 1024
"""Bytes that are read and written at a time."""

PLAIN = re.compile(r"(?!\.\.?(/|$))[^/\\\0]+(/(?!\.\.?(/|$))[^/\\\0]+)*")
"""A name that leads to a place below, and nowhere else."""


@dataclass
class Manifest:
    """The description of a backup: its version, members and checksums."""

    version: str
    """Of Media Chat, such as 0.1.0."""
    made_at: str
    database: str
    """What kind of database it was: sqlite, postgresql or mongodb."""
    migrations: list[str]
    """Those that had been applied, as app.name."""
    has_files: bool
    """Whether the people's files are in it, or stayed in their object store."""
    members: dict[str, dict[str, int | str]] = field(default_factory=dict)
    """The size in bytes and the sha256 of each member, by its name."""
    format: int = _FORMAT
    product: str = "Media Chat"

    @property
    def size(self) -> int:
        """The total bytes of all members."""
        return sum(int(member["size"]) for member in self.members.values())

    @property
    def id(self) -> str:
        """An id that is unique to this backup."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


class Counted:
    """A reader that counts the bytes of a file and updates its checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sum = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._sum.update(block)
        self.size += len(block)
        return block

    def as_member(self) -> dict[str, int | str]:
        return {"size": self.size, "sha256": self._sum.hexdigest()}


class Writer:
    """Writes members one after the other, then the manifest."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self._manifest = manifest

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        """Adds the given number of bytes of a file, which may grow meanwhile.

        Raises:
            OSError: the file is shorter, or the disk is full.
        """
        counted = Counted(file)
        self._tar.addfile(_entry(name, size), counted)
        self._manifest.members[name] = counted.as_member()

    def finish(self) -> None:
        """Writes the manifest."""
        text = json.dumps(asdict(self._manifest), indent=1).encode()
        self._tar.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(time.time())
    return entry


@contextmanager
def writing(file: IO[bytes], manifest: Manifest) -> Iterator[Writer]:
    """Opens an archive for writing into this file."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        yield Writer(tar, manifest)


# -- Reading -----------------------------------------------------------------------------------


@contextmanager
def members(path: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Yields the members of an archive in order; read each before the next.

    Raises:
        BackupError: it is no archive, or has members that no backup has.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            yield _members(tar)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path} is no backup, or a part of one: {error}.") from error


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for entry in tar:
        name = entry.name
        known = name in (DATABASE, SECRET, MANIFEST) or name.startswith(MEDIA)
        if not (entry.isreg() and known and PLAIN.fullmatch(name)):
            raise BackupError(
                f"The archive has {name!r}, which no backup has. Nothing was changed."
            )
        file = tar.extractfile(entry)
        assert file is not None  # noqa: S101  (it is a regular file)
        yield name, file


def verified(path: Path, progress: Progress) -> Manifest:
    """Reads the whole archive and compares it with its manifest.

    Raises:
        BackupError: it is damaged, truncated, or of a format that this version does not know.
    """
    if not path.is_file():
        raise BackupError(f"There is no file {path}.")
    total = path.stat().st_size
    found: dict[str, dict[str, int | str]] = {}
    manifest = None
    done = 0
    with members(path) as all_of_them:
        for name, file in all_of_them:
            if manifest is not None or name in found:
                raise BackupError(f"The archive has {name!r} in the wrong place or twice.")
            if name == MANIFEST:
                manifest = _manifest(file.read(MANIFEST_LIMIT))
                continue
            counted = Counted(file)
            while block := counted.read(BLOCK):
                done += len(block)
                progress("verified (bytes)", done, total)
            found[name] = counted.as_member()
    if manifest is None:
        raise BackupError(f"{path} ends before its manifest: it is a part of a backup.")
    if found != manifest.members or DATABASE not in found:
        differ = [
            name
            for name in found | manifest.members
            if found.get(name) != manifest.members.get(name)
        ]
        raise BackupError(
            f"The archive is damaged: {', '.join(differ[:5]) or DATABASE} is not what was backed "
            "up. Nothing was changed. Take another backup."
        )
    progress("verified (bytes)", total, total)  # including the padding between the members
    return manifest


def _manifest(text: bytes) -> Manifest:
    try:
        said = json.loads(text)
        if said["product"] != "Media Chat":
            raise BackupError("The archive is no backup of Media Chat.")
        if said["format"] > _FORMAT:
            raise BackupError(
                f"The backup was made by a newer version, {said['version']}. Install that version."
            )
        return Manifest(**said)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"The archive's manifest cannot be read: {error!r}.") from error
