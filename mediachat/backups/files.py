"""Lists uploaded files, in any storage."""

import os
from collections.abc import Iterator

import structlog
from django.core.files.storage import FileSystemStorage, default_storage

from mediachat.backups.archive import PLAIN

logger = structlog.get_logger(__name__)


def are_here() -> bool:
    """Returns whether they are on a disk of this machine, and not in an object store."""
    return isinstance(default_storage, FileSystemStorage)


def names(folder: str = "", above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yields the names of all files in the store.

    Skips folders that cannot be read, such as a disk's ``lost+found``, with a warning, and
    everything that is no upload: pipes, and names that a store would change. Follows a link to a
    folder, as to another disk, but not to one that contains the link (``above``).
    """
    if are_here():
        place = os.path.realpath(default_storage.path(folder))
        if place in above:
            logger.warning("folder_left_out", folder=folder, reason="It leads back to where it is.")
            return
        above = (*above, place)
    try:
        folders, here = default_storage.listdir(folder)
    except FileNotFoundError:
        return  # nothing was ever uploaded
    except PermissionError:
        if not folder:
            raise
        logger.warning("folder_left_out", folder=folder, reason="It cannot be read.")
        return
    prefix = f"{folder}/" if folder else ""
    for name in sorted(here):
        if not PLAIN.fullmatch(name):
            logger.warning(
                "file_left_out", file=f"{prefix}{name}", reason="No store keeps the name."
            )
        elif are_here() and not os.path.isfile(default_storage.path(f"{prefix}{name}")):
            logger.warning("file_left_out", file=f"{prefix}{name}", reason="It is no file.")
        else:
            yield f"{prefix}{name}"
    for each in sorted(folders):
        yield from names(f"{prefix}{each}", above)


def sizes() -> dict[str, int]:
    """Yields the size of each file in bytes, by name, without those that are deleted meanwhile."""
    found = {}
    for name in names():
        try:
            found[name] = default_storage.size(name)
        except FileNotFoundError:
            continue
    return found
