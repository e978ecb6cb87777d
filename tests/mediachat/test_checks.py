"""Each wrong setting is named, by the program as people start it."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from mediachat.checks import TAG
from mediachat.environment import Environment
from mediachat.secrets import secret_key

BASE = Path(__file__).resolve().parents[2]
START = "import mediachat.asgi"


def start(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Imports the application as a server does, with these settings alone."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", START],
        cwd=BASE,
        env=inherited | {"DATA_DIR": str(tmp_path / "data")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_defaults_start(tmp_path: Path) -> None:
    done = start(tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_server_with_wrong_settings_does_not_start_and_names_them_all(tmp_path: Path) -> None:
    done = start(tmp_path, SECRET_KEY="short", WEB_CONCURRENCY="2")
    assert done.returncode != 0
    assert "SECRET_KEY can be guessed" in done.stderr
    assert "2 workers cannot reach each other" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY can be guessed"),
        ("SECRET_KEY", "django-insecure-" + "abcdefgh12345678" * 4, "SECRET_KEY can be guessed"),
        ("SECRET_KEY_FALLBACKS", ["short"], "SECRET_KEY_FALLBACKS can be guessed"),
        ("SECRET_KEY", "a" * 64, "SECRET_KEY can be guessed"),
        ("ALLOWED_HOSTS", ["*"], "ALLOWED_HOSTS takes every name"),
        ("ALLOWED_HOSTS", ["chat.example.org"], "passwords travel in the clear"),
        ("CSRF_TRUSTED_ORIGINS", ["chat.example.org"], "'chat.example.org', which is no origin"),
        ("EDITOR_ORIGINS", ["https://code.example.org/"], "EDITOR_ORIGINS has"),
        ("REDIS_URL", "localhost", "REDIS_URL is not the address"),
        ("WORKERS", 2, "2 workers cannot reach each other"),
        ("WORKERS", 0, "WEB_CONCURRENCY is 0"),
        ("HEARTBEAT", 0.0, "HEARTBEAT is 0.0"),
        ("RATE_BURST", -1, "RATE_BURST is -1"),
        ("MAX_UPLOAD_MB", 0, "MAX_UPLOAD_MB is 0"),
        ("REQUIRE_SECOND_FACTOR", "everyone", "REQUIRE_SECOND_FACTOR is 'everyone'"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL is 'LOUD'"),
        ("TRUSTED_PROXY_COUNT", -1, "TRUSTED_PROXY_COUNT is -1"),
        ("STORAGES", {"default": {"BACKEND": "no.such.Storage"}}, "MEDIA_STORAGE cannot be used"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(
    settings: Any, name: str, value: Any, says: str
) -> None:
    settings.DEBUG = False
    settings.SECRET_KEY = "kJ7-" + "q8Zx2vLm" * 8
    settings.ALLOWED_HOSTS = ["localhost"]
    assert run_checks(tags=[TAG]) == []
    setattr(settings, name, value)
    [message] = [message for message in run_checks(tags=[TAG]) if says in message.msg]
    assert message.hint


@pytest.mark.parametrize(
    ("variable", "read", "says"),
    [
        ({"HEARTBEAT": "soon"}, lambda env: env.float("HEARTBEAT"), "HEARTBEAT has to be"),
        ({"BURST": "1.5"}, lambda env: env.int("BURST"), "BURST has to be"),
        ({"OPTIONS": "{"}, lambda env: env.json("OPTIONS"), "OPTIONS has to be JSON"),
        ({"HTTPS": "onn"}, lambda env: env.bool("HTTPS"), "HTTPS has to be on or off"),
        ({"MAIL": "example"}, lambda env: env.mail_server("MAIL"), "MAIL is no address of a mail"),
        ({"KEY_FILE": "/nowhere"}, lambda env: env.str("KEY"), "KEY_FILE cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch,
    variable: dict[str, str],
    read: Callable[[Environment], Any],
    says: str,
) -> None:
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=says):
        read(Environment())


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("kJ7-" + "q8Zx2vLm" * 8 + "\n")
    done = start(tmp_path, SECRET_KEY_FILE=str(tmp_path / "secret"))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data" / "secret_key").exists()


def test_the_secret_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    start(tmp_path)
    secret = tmp_path / "data" / "secret_key"
    assert len(secret.read_text()) >= 50
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.parent.stat().st_mode & 0o777 == 0o700


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path / "key"), range(8)))
    assert len(keys) == 1


def test_production_refuses_debug(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare", "--production"],
        cwd=BASE,
        env=os.environ | {"DATA_DIR": str(tmp_path / "data"), "DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "DEBUG is on" in done.stderr
