"""Backs up a running installation to one file, and restores it.

``snapshot`` copies the database at one moment, ``archive`` defines the file's format, ``making``
creates a backup and ``restoring`` restores one.
"""


class BackupError(Exception):
    """The backup cannot be made or restored; the message says why, and what to do."""
