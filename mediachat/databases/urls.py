"""From ``DATABASE_URL`` to Django's setting, and from a database's refusal to plain words.

docs/DATABASES.md has the reasons.
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
    # A transaction that reads first and writes later fails at once when another writes in
    # between; one that begins as a writer waits its turn.
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    # FULL: what was acknowledged is there after the power fails. secure_delete: what was deleted
    # is overwritten; FAST would leave long texts, which take pages of their own.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
}
POSTGRESQL_OPTIONS = {
    "application_name": "mediachat",
    "connect_timeout": 5,
    # Milliseconds after which a server that vanished without a word is taken to be gone; it is
    # asked for a sign of life after so many seconds of silence, which firewalls also like.
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 10,
    "keepalives_interval": 2,
    # Milliseconds. What another session has locked holds nobody up for longer than the first;
    # the second ends our own transactions when their process has stopped in the middle.
    "options": "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=5000",
}
MONGODB_OPTIONS = {
    "appname": "mediachat",
    # What is acknowledged has reached most of a replica set, and what is read has too: nobody
    # is shown a message that a change of the primary takes back.
    "w": "majority",
    "readconcernlevel": "majority",
    # Milliseconds. Without them a primary that lost its set would hold the log's thread for ever.
    "wtimeoutms": 10_000,
    "serverselectiontimeoutms": 5_000,
    "connecttimeoutms": 5_000,
    "sockettimeoutms": 30_000,
}


def database(url: str) -> dict[str, Any]:
    """The entry of ``DATABASES`` for this address.

    Raises:
        ImproperlyConfigured: it is not the address of a database that can serve, and why.
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
    """For settings that name an engine themselves.

    Raises:
        ImproperlyConfigured: what to use instead, and why.
    """
    if any(each.get("ENGINE", "").split(".")[0] == "djongo" for each in databases.values()):
        raise ImproperlyConfigured(DJONGO)


def _wrong(why: str) -> ImproperlyConfigured:
    # Never the address itself: it has the password, and this goes into logs.
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
    # The driver lets its keyword arguments win over the address; here the address wins.
    said = {name.lower() for name in parse_qs(parts.query, keep_blank_values=True)}
    return {
        "ENGINE": MONGODB,
        "HOST": url,
        "NAME": unquote(parts.path.lstrip("/")) or "mediachat",
        "OPTIONS": {name: value for name, value in MONGODB_OPTIONS.items() if name not in said},
    }


def file_id(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Which file is SQLite's database now, by device and inode: a connection goes on with the one
    that it opened, whatever has been put in its place. None where there is none, or another
    database."""
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
    """What a database's refusal means for whoever starts the server, and its own words."""
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
    """Turns what a database refuses in here into this exception, in plain words."""
    try:
        yield
    except refusals() as error:
        raise exception(explain_error(error)) from error


def refusals() -> tuple[type[Exception], ...]:
    """What a database raises when it does not do what it is asked."""
    try:
        from pymongo.errors import PyMongoError
    except ImportError:
        return (Error,)
    # The backend lets those of connecting and of changing the schema through as they are.
    return (Error, PyMongoError)
