"""Each wrong setting is named, by the program as people start it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": "django-insecure-" + "abcdefgh12345678" * 4}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY_FILE cannot be read"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS takes every name"),
        ({"CSRF_TRUSTED_ORIGINS": "chat.example.org"}, "CSRF_TRUSTED_ORIGINS has"),
        ({"REDIS_URL": "localhost"}, "REDIS_URL is not the address"),
        ({"WEB_CONCURRENCY": "2"}, "2 workers cannot reach each other"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY is 0"),
        ({"HEARTBEAT": "soon"}, "HEARTBEAT has to be of the kind: float"),
        ({"HEARTBEAT": "0"}, "HEARTBEAT is 0.0"),
        ({"RATE_BURST": "-1"}, "RATE_BURST is -1"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL has no scheme"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'LOUD'"),
    ],
)
def test_a_wrong_setting_keeps_the_server_from_starting_and_is_named(
    tmp_path: Path, environment: dict[str, str], says: str
) -> None:
    done = start(tmp_path, **environment)
    assert done.returncode != 0
    assert says in done.stderr


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


def test_two_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from mediachat.secrets import secret_key

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
