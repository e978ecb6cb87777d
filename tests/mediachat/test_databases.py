import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from mediachat.databases.urls import database, refuse_djongo
from tests.support.live import ROOT, free_port


@pytest.mark.parametrize(
    ("url", "engine", "name"),
    [
        ("sqlite:////srv/chat.sqlite3", "django.db.backends.sqlite3", "/srv/chat.sqlite3"),
        ("postgres://me:p%40ss@host/chat", "django.db.backends.postgresql", "chat"),
        ("postgresql://me@host:5433/chat", "django.db.backends.postgresql", "chat"),
        ("mongodb://host/chat", "mediachat.databases.mongodb", "chat"),
        ("mongodb://a:1,b:2,c:3/chat?replicaSet=rs0", "mediachat.databases.mongodb", "chat"),
        (
            "mongodb+srv://me:secret@cluster.example.org/",
            "mediachat.databases.mongodb",
            "mediachat",
        ),
    ],
)
def test_an_address_chooses_the_engine(url: str, engine: str, name: str) -> None:
    config = database(url)
    assert (config["ENGINE"], config["NAME"]) == (engine, name)


def test_a_password_is_unquoted() -> None:
    assert database("postgres://me:p%40ss@host/chat")["PASSWORD"] == "p@ss"


def test_mongodb_is_asked_for_majorities_unless_the_address_says_otherwise() -> None:
    assert database("mongodb://host/chat")["OPTIONS"]["w"] == "majority"
    assert "w" not in database("mongodb://host/chat?w=1")["OPTIONS"]
    assert database("mongodb://host/chat?w=1")["OPTIONS"]["readconcernlevel"] == "majority"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "has no scheme"),
        ("mysql://me:secret@host/chat", "begins with mysql://"),
        ("postgres://me:secret@host", "names no database"),
        ("postgres://me@host:secret/chat", "has a port that is no number"),
        ("postgres://me:secret/secret@host/chat", "has a port that is no number"),
        ("mongodb:///chat", "names no host"),
        ("sqlite://", "names no file"),
    ],
)
def test_a_wrong_address_is_named_without_its_password(url: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        database(url)
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)


def test_djongo_is_answered_with_what_to_use() -> None:
    with pytest.raises(ImproperlyConfigured, match="mongodb://"):
        database("djongo://host/chat")
    with pytest.raises(ImproperlyConfigured, match="mongodb://"):
        refuse_djongo({"default": {"ENGINE": "djongo"}})


def prepare(tmp_path: Path, url: str, settings: str = "mediachat.settings") -> str:
    """What someone reads who starts the server with this address, which cannot work."""
    finished = subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=ROOT,
        env=os.environ
        | {
            "DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONPATH": str(tmp_path),
            "DEBUG": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode != 0
    assert "Traceback" not in finished.stderr
    return finished.stderr


def test_an_engine_of_djongo_is_answered_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from mediachat.settings import *\n"
        'DATABASES = {"default": {"ENGINE": "djongo", "NAME": "chat"}}\n'
    )
    said = prepare(tmp_path, "", settings="mine")
    assert "djongo cannot serve" in said
    assert "mongodb://" in said


@pytest.mark.parametrize("scheme", ["postgres", "mongodb"])
def test_a_server_that_is_down_is_named(tmp_path: Path, scheme: str) -> None:
    assert "does not answer" in prepare(tmp_path, f"{scheme}://127.0.0.1:{free_port()}/chat")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "cannot be opened" in prepare(tmp_path, f"sqlite:///{tmp_path}/none/chat.sqlite3")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text("Dear diary, today I was taken for a database. " * 100)
    assert "not a SQLite database" in prepare(tmp_path, f"sqlite:///{tmp_path}/chat.txt")
