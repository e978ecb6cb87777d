"""One file that has the whole installation: made while the servers run, and restored from.

``snapshot`` takes the database of one moment, ``archive`` is what the file looks like, ``making``
and ``restoring`` are the two ways.
"""


class BackupError(Exception):
    """Why this backup cannot be made or restored, and what to do."""
