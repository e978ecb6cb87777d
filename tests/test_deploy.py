"""The files for deployment agree with the product and with each other."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from compose_spec import PyCompose

from tests.support import components
from tests.support.live import ROOT, free_port

DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def example() -> dict[str, str]:
    lines = (DEPLOY / "example.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_compose_is_what_the_specification_of_compose_takes(compose) -> None:
    # Which merges nothing; what is merged is what counts.
    PyCompose.from_yaml(yaml.safe_dump(compose)).validate()
    wrong = compose | {"services": {"app1": {"restart": "sometimes"}}}
    with pytest.raises(ValueError, match="restart"):
        PyCompose.from_yaml(yaml.safe_dump(wrong))


def test_servers_prepare_the_database_one_after_another(compose) -> None:
    assert "app1" in compose["services"]["app2"]["depends_on"]
    assert "app2" not in compose["services"]["app1"]["depends_on"]


def test_every_secret_is_asked_for_and_none_is_given(compose) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", (DEPLOY / "compose.yaml").read_text()))
    assert used <= set(example())
    secrets = ("PASSWORD", "SECRET", "SECRET_KEY")
    assert not any(value for name, value in example().items() if name.endswith(secrets))


def test_no_container_can_write_to_itself_or_gain_rights(compose) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        added = set(service.get("cap_add", ()))
        assert added <= {"CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"}, name
        assert not service.get("privileged") and "network_mode" not in service, name


def test_what_is_reached_from_outside_reaches_no_store(compose) -> None:
    services = compose["services"]
    networks = {name: set(service["networks"]) for name, service in services.items()}
    open_to_outside = [name for name, service in services.items() if "ports" in service]
    assert open_to_outside == ["nginx"]
    for store in ("redis", "mongo1", "mongo2", "mongo3", "objects"):
        assert not networks["nginx"] & networks[store], store
    assert not networks["redis"] & networks["objects"]
    for name, network in compose["networks"].items():
        assert name == "edge" or network["internal"], name
    reaches_outside = [name for name, joined in networks.items() if "edge" in joined]
    assert reaches_outside == ["nginx"]


def test_the_servers_have_no_roots_keys(compose) -> None:
    for name in ("app1", "app2"):
        service = compose["services"][name]
        given = str(service["environment"])
        assert "ROOT" not in given and "SETUP" not in given, name
        # A file is given whole: not the one from which compose takes all parts' secrets.
        assert service["env_file"] == [{"path": "app.env", "required": False}], name
        for setting in ("SECRET_KEY", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"):
            assert service["environment"][setting] == f"${{{setting}}}"


def test_no_log_fills_a_disk(compose) -> None:
    for name, service in compose["services"].items():
        assert {"max-size", "max-file"} <= set(service["logging"]["options"]), name
    identities = json.loads(compose["configs"]["objects"]["content"])["identities"]
    ours = next(each for each in identities if each["name"] == "mediachat")
    assert {action.split(":")[0] for action in ours["actions"]} == {"Read", "Write", "List"}
    assert all(action.endswith(":mediachat") for each in identities for action in each["actions"])


def test_no_image_is_without_updates(compose) -> None:
    """Node's even versions get them for three years; nobody makes MinIO's images any more."""
    text = dockerfile()
    (node,) = re.findall(r"^FROM node:(\d+)", text, re.MULTILINE)
    assert int(node) >= 22 and int(node) % 2 == 0
    images = {service.get("image", "") for service in compose["services"].values()}
    assert not any("minio" in image or image.endswith(":latest") for image in images)
    assert all(":" in image for image in images if image)


def test_every_service_that_stays_is_watched(compose) -> None:
    for name, service in compose["services"].items():
        assert service["restart"] == "no" or service["healthcheck"]["test"], name


def test_a_socket_outlives_the_silence_that_heartbeats_leave() -> None:
    options = (ROOT / "mediachat" / "server" / "__main__.py").read_text()
    silence = sum(int(n) for n in re.findall(r"--ws-ping-(?:interval|timeout) (\d+)", options))
    patience = re.findall(
        r"proxy_(?:read|send)_timeout (\d+)s", (DEPLOY / "nginx.conf").read_text()
    )
    assert silence == 40
    assert all(int(seconds) > silence for seconds in patience) and len(patience) == 2


def test_nginx_gives_up_an_idle_connection_before_the_servers_do() -> None:
    upstream = (DEPLOY / "nginx.conf").read_text().split("upstream mediachat {")[1].split("}")[0]
    (given_up,) = re.findall(r" keepalive_timeout (\d+)s", upstream)
    options = (ROOT / "mediachat" / "server" / "__main__.py").read_text()
    (kept,) = re.findall(r"--timeout-keep-alive (\d+)", options)
    assert int(given_up) < int(kept)


def test_whatever_is_waited_for_and_mounted_is_there(compose) -> None:
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source == volume:
                continue  # nothing of ours: a volume of its own
            assert source in compose["volumes"] or (DEPLOY / source).exists()
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name


def test_nginx_passes_on_to_the_servers_of_compose(compose) -> None:
    upstream = re.findall(r"server (\w+):8000", (DEPLOY / "nginx.conf").read_text())
    assert upstream == [name for name in compose["services"] if name.startswith("app")]


def dockerfile() -> str:
    return (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")


def test_the_dockerfile_is_well_made() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    subprocess.run([linter, DEPLOY / "Dockerfile"], check=True)


def test_the_image_is_sent_what_it_copies_and_nothing_else() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE)
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    sent = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert sorted(sent) == sorted({name for sources in copies for name in sources.split()})


@pytest.mark.timeout(120)
def test_what_is_copied_into_the_image_is_enough_to_serve(tmp_path: Path) -> None:
    """No engine runs here, so the image's own command runs on what the image would hold."""
    image, data = tmp_path / "srv", tmp_path / "data"
    image.mkdir()
    copies = re.findall(
        r"^COPY (?!--from)(.+) (\S+)$", dockerfile().split("FROM")[-1], re.MULTILINE
    )
    for sources, target in copies:
        for source in sources.split():
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, image / target)
            else:
                shutil.copy(ROOT / source, image / target)
    (image / "node_modules").symlink_to(ROOT / "node_modules")
    command = re.search(r'^CMD \["sh", "-c", "(.+)"\]$', dockerfile(), re.MULTILINE)
    assert command
    port = free_port()
    line = command[1].replace("8000", str(port)).replace("0.0.0.0", "127.0.0.1")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "DATA_DIR": str(data), "ALLOWED_HOSTS": "chat.example.org"}
    process = subprocess.Popen(["sh", "-c", line], cwd=image, env=environment)
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/healthz")
                break
            except httpx.HTTPError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.2)
        assert answer.json() == {"status": "ok"}
        page = httpx.get(
            f"http://127.0.0.1:{port}/accounts/login/", headers={"Host": "chat.example.org"}
        )
        assert page.status_code == 200
    finally:
        process.terminate()
        process.wait(30)


def test_the_container_runs_what_make_serve_runs() -> None:
    make = subprocess.run(
        ["make", "--dry-run", "serve"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.replace("\\\n", " ")
    served = re.search(r"python (-m mediachat\.server) --host \S+ --port \d+$", make, re.MULTILINE)
    assert served
    wanted = f"python {served[1]} --host 0.0.0.0 --port 8000"
    assert wanted in (DEPLOY / "Dockerfile").read_text()


def test_the_script_for_the_replica_set_is_javascript() -> None:
    subprocess.run([components.node(), "--check", DEPLOY / "mongo-set.js"], check=True)


# -- Alarms ------------------------------------------------------------------------------------


def rules() -> list[dict[str, Any]]:
    return [
        rule
        for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"]
        for rule in group["rules"]
    ]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alarm_is_a_question_that_prometheus_understands(rule) -> None:
    promql_parser.parse(rule["expr"])
    assert rule.keys() <= {"alert", "expr", "for", "annotations"}
    assert promql_parser.parse_duration(rule.get("for", "1s"))
    assert rule["annotations"]["summary"]


def test_the_document_and_the_alarms_name_figures_that_there_are(
    client: Any, settings: Any
) -> None:
    settings.METRICS_TOKEN = "figures"
    headers = {"authorization": "Bearer figures"}
    served = client.get("/metrics", headers=headers).content.decode()
    there = set(re.findall(r"^# TYPE (\S+)", served, re.MULTILINE))
    there |= set(re.findall(r"^([a-z_]+)[{ ]", served, re.MULTILINE))
    named = re.compile(r"\b(?:mediachat|process)_[a-z_]+\b")
    document = (ROOT / "docs" / "OPERATIONS.md").read_text()
    for text in [document, *(rule["expr"] for rule in rules())]:
        for name in named.findall(text):
            # A counter with labels is served once one of them has been counted.
            assert name in there or name == "mediachat_problems_total", name
    assert "mediachat_problems_total" in there or "mediachat_problems" in there


def test_the_document_and_the_alarms_are_the_same() -> None:
    document = (ROOT / "docs" / "OPERATIONS.md").read_text()
    assert all(f"`{rule['alert']}`" in document for rule in rules())
    named = re.findall(r'event=~?"([^"]+)"', "".join(rule["expr"] for rule in rules()))
    code = "".join(
        path.read_text() for app in ("chat", "mediachat") for path in (ROOT / app).rglob("*.py")
    )
    for names in named:
        for event in names.split("|"):
            assert f'"{event}"' in code, event


@pytest.mark.parametrize("has_npm", [True, False])
def test_make_says_how_an_older_debian_gets_node(tmp_path: Path, has_npm: bool) -> None:
    """Debian 12 has version 18, and the line of apt-get for Debian 13 would bring that one."""
    programs = {"node": "exit 1", **({"npm": "exit 0"} if has_npm else {})}
    for name, does in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    make, shell = shutil.which("make"), shutil.which("sh")
    assert make
    assert shell
    (tmp_path / "sh").symlink_to(shell)
    refused = subprocess.run(
        [make, "needs-node"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "Debian 13: apt-get install nodejs npm" in refused.stderr
    assert "Debian 12 has Node.js 18 only" in refused.stderr
    readme = (ROOT / "README.md").read_text()
    assert "On Debian 13: `apt-get install python3-venv nodejs npm make git`" in readme
    assert "Debian 12 has Python 3.11, and only Node.js 18" in readme
