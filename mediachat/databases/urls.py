"""Turns ``DATABASE_URL`` into Django's setting, and database errors into plain explanations.

docs/DATABASES.md gives the reasons.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.db import Error

MONGODB = "mediachat.databases.mongodb"
POSTGRESQL = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"

EXAMPLES = """\
  sqlite:////srv/mediachat/db.sqlite3                     a file on this machine
  postgres://user:password@host:5432/mediachat            PostgreSQL 14 or newer
  mongodb://user:password@host:27017/mediachat            MongoDB 6 or newer
  mongodb+srv://user:password@cluster.example.org/mediachat"""

DJONGO = """\
djongo cannot serve Media Chat: its newest version (1.3.7) needs Django 3.1 and PyMongo 3.11, which
are out of support, and on Django 5.2 even its migrations fail. MongoDB's own backend for Django
serves the same database. It comes with Media Chat; write the address with its own scheme:
  DATABASE_URL=mongodb://user:password@host:27017/mediachat
docs/DATABASES.md has what was measured, and how to bring the data of a djongo database over."""

SQLITE_OPTIONS = {
    # A transaction that reads first and writes later fails at once if another writes in between;
    # one that takes the write lock at the start waits its turn.
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    # FULL: acknowledged data survives a power failure. secure_delete: deleted data is overwritten;
    # FAST would leave long texts, which have pages of their own.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
}
POSTGRESQL_OPTIONS = {
    "application_name": "mediachat",
    "connect_timeout": 5,
    # Milliseconds after which a silent server counts as gone; TCP keepalive probes it after so many
    # seconds of silence, which also keeps firewalls from dropping the connection.
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 10,
    "keepalives_interval": 2,
    # Milliseconds. The first bounds waiting for another session's lock; the second ends our own
    # transactions if their process has stopped in the middle.
    "options": "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=5000",
}
MONGODB_OPTIONS = {
    "appname": "mediachat",
    # Acknowledged writes have reached a majority of the replica set, and reads see only those:
    # nobody sees a message that a failover rolls back.
    "w": "majority",
    "readconcernlevel": "majority",
    # Milliseconds. Without them a primary that lost its set would block the log's thread for ever.
    "wtimeoutms": 10_000,
    "serverselectiontimeoutms": 5_000,
    "connecttimeoutms": 5_000,
    "sockettimeoutms": 30_000,
}


def database(url: str) -> dict[str, Any]:
    """Returns the entry of ``DATABASES`` for this address.

    Raises:
        ImproperlyConfigured: it is not the address of a supported database; the message says why.
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "djongo" | "djongo+srv":
            raise ImproperlyConfigured(DJONGO)
        case "sqlite":
            return _sqlite(url)
        case "postgres" | "postgresql":
            return _postgresql(url)
        case "mongodb" | "mongodb+srv":
            return _mongodb(url)
        case "":
            raise _wrong("has no scheme")
        case scheme:
            raise _wrong(f"begins with {scheme}://, which is no database that Media Chat knows")


def refuse_djongo(databases: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuses djongo in settings that name an engine themselves.

    Raises:
        ImproperlyConfigured: says what to use instead, and why.
    """
    if any(each.get("ENGINE", "").split(".")[0] == "djongo" for each in databases.values()):
        raise ImproperlyConfigured(DJONGO)


def _wrong(why: str) -> ImproperlyConfigured:
    # Never the address itself: it has the password, and this is logged.
    return ImproperlyConfigured(f"DATABASE_URL {why}. It looks like one of these:\n{EXAMPLES}")


def _sqlite(url: str) -> dict[str, Any]:
    config = dict(environ.Env.db_url_config(url))
    if config["NAME"] in ("", ":memory:") or config["HOST"]:
        raise _wrong("names no file")
    return config | {"OPTIONS": SQLITE_OPTIONS | config.get("OPTIONS", {})}


def _postgresql(url: str) -> dict[str, Any]:
    try:
        config = dict(environ.Env.db_url_config(url))
    except ValueError:
        raise _wrong("has a port that is no number, or a password with a / : @ in it") from None
    if not config["NAME"]:
        raise _wrong("names no database after the host")
    return config | {
        "ENGINE": POSTGRESQL,
        "OPTIONS": POSTGRESQL_OPTIONS | config.get("OPTIONS", {}),
        "CONN_HEALTH_CHECKS": True,
    }


def _mongodb(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if not parts.netloc.rpartition("@")[2]:
        raise _wrong("names no host")
    # The driver's keyword arguments override the address; here the address wins.
    said = {name.lower() for name in parse_qs(parts.query, keep_blank_values=True)}
    return {
        "ENGINE": MONGODB,
        "HOST": url,
        "NAME": unquote(parts.path.lstrip("/")) or "mediachat",
        "OPTIONS": {name: value for name, value in MONGODB_OPTIONS.items() if name not in said},
    }


def file_id(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Returns the device and inode of SQLite's database file: a connection keeps the one that it
    opened, even if that was replaced. None if there is no file, or for another database.
    """
    if config["ENGINE"] != SQLITE:
        return None
    try:
        found = os.stat(config["NAME"])
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


# -- When it does not work ---------------------------------------------------------------------

REASONS = {
    "too old": (
        "or later is required",
        "requires at least version",
    ),
    "no rights": (
        "permission denied",
        "must be owner",
        "not authorized",
        "requires authentication",
        "authentication required",
        "readonly database",
        "read-only",
    ),
    "no such user": (
        "authentication failed",
        "no password supplied",
        "role",
        "no pg_hba.conf entry",
        "auth failed",
    ),
    "no such database": ("does not exist",),
    "no file": ("unable to open database file",),
    "not a database": ("file is not a database",),
    "down": (
        "connection refused",
        "could not connect",
        "connection failed",
        "timed out",
        "timeout",
        "name or service not known",
        "nodename nor servname",
        "failed to resolve",
        "no servers found",
        "server closed the connection",
        "starting up",
    ),
}
"""What drivers say, in lower case, by what it means; the first that fits is it."""

ADVICE = {
    "too old": "The database server is too old for Media Chat. Upgrade the server.",
    "no rights": "The user in DATABASE_URL may not make tables (MongoDB: collections and "
    "indexes). Grant them: on PostgreSQL make the user the owner of the database, on MongoDB "
    "give it the role readWrite on this database; a SQLite file and its folder must be writable.",
    "no such user": "The database server does not accept the user or the password in "
    "DATABASE_URL. Letters such as @ : / in a password are written as %40 %3A %2F.",
    "no such database": "The database that DATABASE_URL names is not there. Make it first: "
    "createdb NAME.",
    "no file": "The database file cannot be opened. Its folder must exist and be writable.",
    "not a database": "The file that DATABASE_URL names is not a SQLite database.",
    "down": "The database server does not answer. Start it, or correct host and port in "
    "DATABASE_URL.",
}


def explain_error(error: BaseException) -> str:
    """Explains a database error to the person who starts the server, followed by the
    original text.
    """
    words = " ".join(str(each) for each in _causes(error))
    said = words.lower()
    fitting = (name for name, signs in REASONS.items() if any(sign in said for sign in signs))
    reason = next(fitting, None)
    if reason is None:
        return f"The database refused: {words.strip() or error!r}"
    return f"{ADVICE[reason]}\nIt said: {str(error).strip() or words.strip()}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


@contextmanager
def explained_errors(exception: type[Exception]) -> Iterator[None]:
    """Turns database errors inside into this exception, with a plain explanation."""
    try:
        yield
    except refusals() as error:
        raise exception(explain_error(error)) from error


def refusals() -> tuple[type[Exception], ...]:
    """Returns the exceptions that a database raises if it fails."""
    try:
        from pymongo.errors import PyMongoError
    except ImportError:
        return (Error,)
    # The backend does not wrap those of connecting and of changing the schema.
    return (Error, PyMongoError)
