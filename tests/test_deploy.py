"""The files for deployment agree with the product and with each other."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests import components
from tests.live import ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def example() -> dict[str, str]:
    lines = (DEPLOY / "example.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_secret_is_asked_for_and_none_is_given(compose) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", (DEPLOY / "compose.yaml").read_text()))
    assert used <= set(example())
    assert not any(
        value for name, value in example().items() if "PASSWORD" in name or "KEY" in name
    )


def test_every_service_that_stays_is_watched(compose) -> None:
    for name, service in compose["services"].items():
        assert service["restart"] == "no" or service["healthcheck"]["test"], name


def test_whatever_is_waited_for_and_mounted_is_there(compose) -> None:
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).exists()
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name


def test_nginx_passes_on_to_the_servers_of_compose(compose) -> None:
    upstream = re.findall(r"server (\w+):8000", (DEPLOY / "nginx.conf").read_text())
    assert upstream == [name for name in compose["services"] if name.startswith("app")]


def test_the_container_runs_what_make_serve_runs() -> None:
    make = subprocess.run(
        ["make", "--dry-run", "serve"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.replace("\\\n", " ")
    served = re.search(r"mediachat\.asgi:application --host \S+ --port \d+ (.+)", make)
    assert served
    wanted = " ".join(served[1].split())
    assert wanted in (DEPLOY / "Dockerfile").read_text()


def test_the_script_for_the_replica_set_is_javascript() -> None:
    subprocess.run([components.node(), "--check", DEPLOY / "mongo-set.js"], check=True)
