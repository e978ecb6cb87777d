"""The people's files, in whatever store they are."""

from collections.abc import Iterator

from django.core.files.storage import FileSystemStorage, default_storage


def are_here() -> bool:
    """Whether they lie on a disk of this machine, and not in an object store."""
    return isinstance(default_storage, FileSystemStorage)


def names(folder: str = "") -> Iterator[str]:
    """The names of all files in the store."""
    try:
        folders, here = default_storage.listdir(folder)
    except FileNotFoundError:
        return  # nothing was ever uploaded
    prefix = f"{folder}/" if folder else ""
    yield from (f"{prefix}{name}" for name in sorted(here) if name)
    for each in sorted(folders):
        yield from names(f"{prefix}{each}")


def sizes() -> dict[str, int]:
    """The size of each file in bytes, by its name; without those that are deleted meanwhile."""
    found = {}
    for name in names():
        try:
            found[name] = default_storage.size(name)
        except FileNotFoundError:
            continue
    return found
