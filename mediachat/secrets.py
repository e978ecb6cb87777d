"""The secret that signs sessions and links, created once per installation."""

import os
import secrets
from pathlib import Path


def secret_key(path: Path) -> str:
    """Reads the secret from this file; creates the file first if there is none.

    Only the file's owner can read it. Two processes that start together agree, because each links a
    complete file into place and only the first link succeeds.

    Raises:
        OSError: the folder cannot be written.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
