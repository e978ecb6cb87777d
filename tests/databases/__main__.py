"""Runs the tests against another database: ``python -m tests.databases NAME [for pytest …]``.

``postgres`` starts Debian's PostgreSQL, ``mongodb`` an emulator of MongoDB. A real server is
named by TEST_POSTGRES_URL or TEST_MONGODB_URL, without a database: the tests make their own.
``selection`` says which tests these are: all that meet the database.
"""

import os
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext

from tests.databases import EMULATED, SERVER, servers, with_name

STARTERS = {"postgres": servers.postgresql, "mongodb": servers.mongodb_emulator}


def main(name: str, *arguments: str) -> int:
    given = os.environ.get(f"TEST_{name.upper()}_URL")
    started: AbstractContextManager[str] = nullcontext(given) if given else STARTERS[name]()
    with started as address:
        kind = "a server of yours" if given else f"our own {STARTERS[name].__name__}"
        print(f"The tests run on {name}: {kind}.", flush=True)
        emulated = not given and name == "mongodb"
        return subprocess.run(
            [sys.executable, "-m", "pytest", *arguments],
            env=os.environ
            | {
                SERVER: address,
                EMULATED: str(int(emulated)),
                "DATABASE_URL": with_name(address, "mediachat"),
            },
            check=False,
        ).returncode


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in STARTERS:
        raise SystemExit(f"Name a database: {', '.join(STARTERS)}.")
    try:
        sys.exit(main(*sys.argv[1:]))
    except servers.MissingError as missing:
        print(missing, file=sys.stderr)
        sys.exit(1 if os.environ.get("CI", "").lower() in ("1", "true") else 0)
