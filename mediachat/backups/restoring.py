"""Restores a backup into an empty installation.

A marker file lies in ``DATA_DIR`` from the first change to the last. While it exists, no server
starts, and the same restore can continue where it was interrupted.
"""

import gzip
import hashlib
import json
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader

from mediachat import VERSION
from mediachat.backups import BackupError, archive, files
from mediachat.backups.archive import BLOCK, Manifest
from mediachat.databases import capabilities, copy_database
from mediachat.databases.copy_database import Copy, CopyError
from mediachat.progress import Progress

NOTE = "restoring.json"
RESTORED = "restored"
"""What the database of the backup is called while it is prepared."""

_ADVICE = (
    "If a server was running on the target, stop it, and restore into an empty DATA_DIR and an "
    "empty database."
)


def is_unfinished() -> bool:
    """Returns whether a restore into this installation has begun and is not finished."""
    return (settings.DATA_DIR / NOTE).exists()


@dataclass
class Restore:
    """Restores one archive into the installation of the settings."""

    path: Path
    progress: Progress

    def check(self) -> Manifest:
        """Reads the whole archive without changing anything.

        Raises:
            BackupError: it is damaged, or of a newer version.
        """
        manifest = archive.verified(self.path, self.progress)
        known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
        unknown = [name for name in manifest.migrations if _is_ours(name) and name not in known]
        if unknown or _parts(manifest.version) > _parts(VERSION):
            raise BackupError(
                f"The backup was made by Media Chat {manifest.version}, and this is {VERSION}, "
                "which is older. Install that version, and restore again."
            )
        return manifest

    def run(self) -> Manifest:
        """Restores everything: files, secret and, last, the database with a new epoch.

        Raises:
            BackupError: it is impossible; nothing was changed, or running it again continues.
        """
        manifest = self.check()
        epoch = self._begin(manifest)
        self._claim(manifest, epoch)
        self._unpack(manifest)
        if not _is_in_place(epoch):
            self._prepare(epoch)
            self._put_in_place(manifest, epoch)
        os.sync()
        _database_file().unlink(missing_ok=True)
        (settings.DATA_DIR / NOTE).unlink()
        return manifest

    def _begin(self, manifest: Manifest) -> uuid.UUID:
        """Records which backup is being restored; returns the new epoch of the database."""
        note = settings.DATA_DIR / NOTE
        if note.exists():
            said = json.loads(note.read_text())
            if said["backup"] != manifest.id:
                raise BackupError(
                    f"DATA_DIR holds a part of another backup, made at {said['made_at']}. Restore "
                    "that one to its end, or name an empty DATA_DIR and an empty database."
                )
            if said["database"] != _place():
                raise BackupError(
                    "The restore into this DATA_DIR was begun with another database. Restore with "
                    "that DATABASE_URL to its end, or name an empty DATA_DIR and an empty database."
                )
            return uuid.UUID(said["epoch"])
        self._check_empty(manifest)
        epoch = uuid.uuid4()
        text = {
            "backup": manifest.id,
            "made_at": manifest.made_at,
            "epoch": str(epoch),
            "database": _place(),
        }
        draft = note.with_suffix(".draft")
        draft.write_text(json.dumps(text))
        draft.replace(note)
        return epoch

    def _check_empty(self, manifest: Manifest) -> None:
        try:
            if _is_there():
                copy_database.check_empty(DEFAULT_DB_ALIAS)
        except CopyError as error:
            raise BackupError(f"{error} Nothing was changed.") from error
        if manifest.has_files and (there := next(files.names(), None)):
            raise BackupError(
                f"The store of files is not empty: it has {there}. Name an empty DATA_DIR (or an "
                "empty store). Nothing was changed."
            )

    def _claim(self, manifest: Manifest, epoch: uuid.UUID) -> None:
        """Claims a database server, so that servers on other machines, which do not see the marker,
        do not use it.
        """
        if capabilities.of(connections[DEFAULT_DB_ALIAS]).is_a_file or _is_in_place(epoch):
            return
        try:
            _copy_of(manifest).claim()
        except CopyError as error:
            raise BackupError(str(error)) from error

    # -- Unpacking -------------------------------------------------------------------------------

    def _unpack(self, manifest: Manifest) -> None:
        done = 0
        with archive.members(self.path) as members:
            for name, file in members:
                if name == archive.DATABASE:
                    _unpack_database(file)
                elif name == archive.SECRET:
                    _replace_private(settings.DATA_DIR / archive.SECRET, file.read())
                elif name.startswith(archive.MEDIA):
                    _store(name.removeprefix(archive.MEDIA), file)
                if name in manifest.members:
                    done += int(manifest.members[name]["size"])
                    self.progress("unpacked (bytes)", done, manifest.size)

    # -- The database ----------------------------------------------------------------------------

    def _prepare(self, epoch: uuid.UUID) -> None:
        """Upgrades the backup's database to this version, and sets the epoch."""
        copy_database.connect(RESTORED, f"sqlite:///{_database_file()}")
        call_command("migrate", database=RESTORED, interactive=False, verbosity=0)
        _set_epoch(RESTORED, epoch)

    def _put_in_place(self, manifest: Manifest, epoch: uuid.UUID) -> None:
        if not capabilities.of(connections[DEFAULT_DB_ALIAS]).is_a_file:
            self._copy(manifest, epoch)
            connections[RESTORED].close()
            return
        with connections[RESTORED].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections.close_all()
        # It replaces an empty database, and perhaps that one's write-ahead log.
        database = Path(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])
        for suffix in ("", "-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        _database_file().replace(database)

    def _copy(self, manifest: Manifest, epoch: uuid.UUID) -> None:
        copy = _copy_of(manifest)
        try:
            copy.fill(self.progress)
        except CopyError as error:
            raise BackupError(str(error)) from error
        _set_epoch(DEFAULT_DB_ALIAS, epoch)
        copy.finish()


def _copy_of(manifest: Manifest) -> Copy:
    """Copies into the database of the settings everything but the epoch, which a running server may
    have created itself.
    """
    left_out = ("chat.History",)
    return Copy(RESTORED, DEFAULT_DB_ALIAS, manifest.id, left_out=left_out, advice=_ADVICE)


def _set_epoch(alias: str, epoch: uuid.UUID) -> None:
    history = apps.get_model("chat", "History").objects.using(alias)
    history.update_or_create(pk=1, defaults={"epoch": epoch})


def _is_ours(migration: str) -> bool:
    """Libraries replace old migrations by equivalent ones; ours stay."""
    return migration.startswith(("accounts.", "chat."))


def _parts(version: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]


def _place() -> str:
    """Returns a digest of which database the settings name, regardless of user, password and
    options.
    """
    said = connections[DEFAULT_DB_ALIAS].settings_dict
    name, host = str(said["NAME"]), said["HOST"]
    if capabilities.of(connections[DEFAULT_DB_ALIAS]).is_a_file:
        name = str(Path(name).resolve())
    if "://" in host:
        host = urlsplit(host).netloc.rpartition("@")[2]
    return hashlib.sha256(repr((host, str(said["PORT"]), name)).encode()).hexdigest()


def _database_file() -> Path:
    """Returns where the backup's database is prepared: beside SQLite's own, or else in
    ``DATA_DIR``.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if capabilities.of(connection).is_a_file:
        return Path(f"{connection.settings_dict['NAME']}.{RESTORED}")
    return Path(settings.DATA_DIR / f"{RESTORED}.sqlite3")


def _is_there() -> bool:
    """Returns whether there is a database to query. SQLite would create a file when queried."""
    database = connections[DEFAULT_DB_ALIAS]
    return not capabilities.of(database).is_a_file or Path(database.settings_dict["NAME"]).exists()


def _is_in_place(epoch: uuid.UUID) -> bool:
    """Returns whether the database is in place, from a run that ended before it could
    record that.
    """
    if not _is_there():
        return False
    history: Any = apps.get_model("chat", "History")
    there = connections[DEFAULT_DB_ALIAS].introspection.table_names()
    return (
        history._meta.db_table in there
        and not copy_database.is_half_copied(DEFAULT_DB_ALIAS)
        and history.objects.filter(epoch=epoch).exists()
    )


def _unpack_database(file: IO[bytes]) -> None:
    target = _database_file()
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{target}{suffix}").unlink()
    with (
        gzip.open(file) as plain,
        open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as unpacked,
    ):
        while block := plain.read(BLOCK):
            unpacked.write(block)


def _store(name: str, file: IO[bytes]) -> None:
    # A store renames a file whose name is taken.
    if default_storage.exists(name):
        default_storage.delete(name)
    if default_storage.save(name, File(file)) != name:
        raise BackupError(f"The store of files does not keep {name} under its name.")


def _replace_private(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.restored")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
