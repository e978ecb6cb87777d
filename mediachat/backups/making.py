"""Makes a backup of a running installation: its database, files and secret."""

import errno
import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from mediachat import VERSION
from mediachat.backups import BackupError, archive, files, restoring, snapshot
from mediachat.backups.archive import BLOCK, Manifest, Writer
from mediachat.databases import copy_database
from mediachat.progress import Progress

_QUICKLY = 1
"""How hard gzip tries. The best takes five times as long for a tenth less."""

_WITHOUT_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What file systems say that have no hard links, such as FAT and some of networks."""


def make(
    folder: Path, progress: Progress, *, with_files: bool = True, with_secret: bool = True
) -> Path:
    """Writes a backup into this folder and returns its file, which only its owner can read.

    The database comes before the files: a file without a row is harmless, and a row without its
    file shows a card that cannot be opened. The file has no name in the folder until it is
    complete, so a failure leaves nothing behind.

    Raises:
        BackupError: this installation cannot be backed up now; the message says why.
        OSError: the disk is full, or the folder cannot be written.
    """
    _check()
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    manifest = Manifest(
        version=VERSION,
        made_at=now.isoformat(timespec="seconds"),
        database=connection.vendor,
        migrations=_migrations(),
        has_files=with_files,
    )
    with tempfile.TemporaryDirectory(dir=folder, prefix=".mediachat-backup-") as scratch:
        database = _database(Path(scratch), progress)
        part = Path(scratch) / "archive"
        with _private(part) as file, archive.writing(file, manifest) as writer:
            _add(writer, archive.DATABASE, database)
            database.unlink()
            if with_files:
                _add_files(writer, progress)
            if with_secret and (secret := secret_file()):
                _add(writer, archive.SECRET, secret)
            writer.finish()
        whole = _named(part, folder, f"mediachat-{now:%Y%m%dT%H%M%SZ}")
    _sync_folder(folder)
    return whole


def secret_file() -> Path | None:
    """Returns the secret's file, if the secret comes from one: an environment variable takes
    precedence over a stale file.
    """
    path: Path = settings.DATA_DIR / archive.SECRET
    try:
        return path if path.read_bytes().strip() == settings.SECRET_KEY.encode() else None
    except FileNotFoundError:
        return None


def _check() -> None:
    if copy_database.is_half_copied(connection.alias) or restoring.is_unfinished():
        raise BackupError("This installation is the target of a copy that has not finished.")
    if "chat_history" not in connection.introspection.table_names():
        raise BackupError(
            "The database has not been prepared for this version of Media Chat: start the server."
        )


def _migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _database(scratch: Path, progress: Progress) -> Path:
    """Adds the database at one moment, compressed."""
    plain, packed = scratch / "database.sqlite3", scratch / "database.gz"
    snapshot.take(plain, progress)
    total = plain.stat().st_size
    with (
        plain.open("rb") as source,
        _private(packed) as target,
        gzip.GzipFile("", "wb", _QUICKLY, target, mtime=0) as zipped,
    ):
        while block := source.read(BLOCK):
            zipped.write(block)
            progress("compressed (bytes)", source.tell(), total)
    plain.unlink()
    return packed


def _add(writer: Writer, name: str, path: Path) -> None:
    with path.open("rb") as file:
        writer.add(name, file, path.stat().st_size)


def _add_files(writer: Writer, progress: Progress) -> None:
    sizes = files.sizes()
    total, done = sum(sizes.values()), 0
    for name, size in sizes.items():
        try:
            file = default_storage.open(name)
        except FileNotFoundError:
            continue  # deleted meanwhile
        with file:
            writer.add(archive.MEDIA + name, file, size)
        done += size
        progress("files (bytes)", done, total)


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """Opens a new file that only its owner can read, and syncs it to disk at the end."""
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _named(part: Path, folder: Path, name: str) -> Path:
    """Gives a finished archive this name, or the next one that is free."""
    numbers = count(2)
    whole = folder / f"{name}.tar"
    while True:
        try:
            _put(part, whole)
            return whole
        except FileExistsError:
            whole = folder / f"{name}-{next(numbers)}.tar"


def _put(part: Path, whole: Path) -> None:
    try:
        os.link(part, whole)
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        # An empty file reserves the name.
        os.close(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            part.replace(whole)
        except BaseException:
            whole.unlink()
            raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
