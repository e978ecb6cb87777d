"""The servers: each is started on loopback with data of its own, measured by pid, and stopped."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import psutil

from benchmarks import measure
from benchmarks.dialects import Connect, RawClient, SocketIOClient, TutorialClient, raw, xmpp
from benchmarks.load import Room
from benchmarks.matrix import matrix
from tests.support.live import ROOT, Redis, Server, free_port

HERE = Path(__file__).resolve().parent
COMPETITORS = HERE / "competitors"


class NotInstalled(Exception):
    """A competitor is not on this machine, or does not start; said in the report."""


@dataclass
class Competitor:
    """A server that somebody else wrote."""

    name: str
    stored: str
    """What becomes of a message: 'no', or where it is kept."""
    connect: Connect
    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = COMPETITORS
    farewell: list[str] = field(default_factory=list)
    """A command that ends what it left running beside itself."""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if shutil.which(self.command[0]) is None:
            raise NotInstalled(f"{self.command[0]} is not installed")
        self.process = subprocess.Popen(
            self.command,
            cwd=self.directory,
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 0.2):
                    time.sleep(0.5)
                    return
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise NotInstalled(f"{self.name} did not start: {' '.join(self.command)}")

    def pids(self) -> list[int]:
        assert self.process is not None
        return measure.family(self.process.pid)

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        # Some leave their work to children that outlive them.
        family = [
            psutil.Process(pid) for pid in measure.family(process.pid) if psutil.pid_exists(pid)
        ]
        for each in reversed(family):
            _signal(each.pid, signal.SIGTERM)
        _, stuck = psutil.wait_procs(family, 5)
        for each in stuck:
            _signal(each.pid, signal.SIGKILL)
        process.wait(5)
        if self.farewell:
            subprocess.run(self.farewell, capture_output=True, timeout=10, check=False)


def _signal(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass


def node_ws() -> Competitor:
    port = free_port()
    connect = raw(RawClient, f"ws://127.0.0.1:{port}/{{room}}")
    return Competitor("Node ws, a raw pipe", "no", connect, ["node", "ws.js", str(port)], port)


def socket_io() -> Competitor:
    port = free_port()
    url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket&room={{room}}"
    command = ["node", "socketio.js", str(port)]
    return Competitor("socket.io, a raw pipe", "no", raw(SocketIOClient, url), command, port)


def tutorial(server: str, redis_url: str = "") -> Competitor:
    """Channels' tutorial on 'daphne' or 'uvicorn', over memory or its own Redis layer."""
    port = free_port()
    python = [sys.executable, "-m"]
    target = "tutorial.asgi:application"
    if server == "daphne":
        command = [*python, "daphne", "-b", "127.0.0.1", "-p", str(port), target]
    else:
        command = [*python, "uvicorn", "--host", "127.0.0.1", "--port", str(port), target]
        command += ["--no-access-log", "--log-level", "warning"]
    layer = "channels_redis.core.RedisChannelLayer" if redis_url else ""
    environment = {"TUTORIAL_LAYER": layer or "channels.layers.InMemoryChannelLayer"}
    environment |= {"REDIS_URL": redis_url} if redis_url else {}
    return Competitor(
        f"Channels tutorial, {server}, {'Redis' if redis_url else 'in memory'}",
        "no",
        raw(TutorialClient, f"ws://127.0.0.1:{port}/ws/chat/{{room}}/"),
        command,
        port,
        environment,
    )


def ejabberd(data: Path) -> Competitor:
    port, data = free_port(), data / "ejabberd"
    data.mkdir(parents=True, exist_ok=True)
    config = data / "ejabberd.yml"
    config.write_text((COMPETITORS / "ejabberd.yml").read_text().replace("@PORT@", str(port)))
    # Erlang's daemon of names would outlive it: one of its own, on a port of its own.
    names = free_port()
    (data / "ejabberdctl.cfg").write_text(f"export ERL_EPMD_PORT={names}\n")
    if _has_user("ejabberd"):
        # Debian's script steps down to this user.
        for path in (data, config):
            shutil.chown(path, "ejabberd", "ejabberd")
    command = ["ejabberdctl", "--config-dir", str(data), "--spool", str(data), "--logs", str(data)]
    command += ["--node", f"bench{port}@localhost", "foreground"]
    return Competitor(
        "ejabberd, MUC with archive",
        "Mnesia",
        xmpp(port),
        command,
        port,
        directory=data,
        farewell=["epmd", "-port", str(names), "-kill"],
    )


def prosody(data: Path) -> Competitor:
    port, data = free_port(), data / "prosody"
    data.mkdir(parents=True, exist_ok=True)
    config = data / "prosody.cfg.lua"
    text = (COMPETITORS / "prosody.cfg.lua").read_text()
    config.write_text(text.replace("@PORT@", str(port)).replace("@DATA@", str(data)))
    command = ["prosody", "--config", str(config), "-F"]
    return Competitor(
        "Prosody, MUC with archive", "SQLite", xmpp(port), command, port, directory=data
    )


def synapse(data: Path) -> Competitor:
    port, data = free_port(), data / "synapse"
    data.mkdir(parents=True, exist_ok=True)
    text = (COMPETITORS / "synapse/homeserver.yaml").read_text()
    config = data / "homeserver.yaml"
    config.write_text(text.replace("@PORT@", str(port)).replace("@DATA@", str(data)))
    (data / "log.yaml").write_text("{version: 1, root: {level: ERROR}}\n")
    python = ROOT / ".venv-synapse/bin/python"
    homeserver = [str(python), "-m", "synapse.app.homeserver", "-c", str(config)]
    if python.exists():
        keys = [*homeserver, "--generate-keys"]
        subprocess.run(keys, cwd=data, check=True, timeout=60, stdout=subprocess.DEVNULL)
    return Competitor(
        "Matrix Synapse, 100 members", "SQLite", matrix(port), homeserver, port, directory=data
    )


def nginx(data: Path) -> Competitor:
    port, data = free_port(), data / "nginx"
    (data / "files").mkdir(parents=True, exist_ok=True)
    for directory in (data, data / "files"):
        directory.chmod(0o777)  # its worker is a user of its own
    config = data / "nginx.conf"
    text = (COMPETITORS / "nginx.conf").read_text()
    config.write_text(text.replace("@PORT@", str(port)).replace("@DATA@", str(data)))
    command = ["nginx", "-p", str(data), "-c", str(config)]
    return Competitor("nginx, PUT", "file", _no_rooms, command, port, directory=data)


def _no_rooms(room: Room, number: int, index: int) -> NoReturn:
    """nginx takes files only: a load with rooms is never sent to it."""
    raise NotImplementedError


def _has_user(name: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


# -- Ours ------------------------------------------------------------------------------------


def work_directory() -> Path:
    """A new directory for what a run leaves behind; whoever asks removes it."""
    directory = Path(tempfile.mkdtemp(prefix="mediachat-bench-"))
    directory.chmod(0o755)  # ejabberd runs as its own user
    return directory


def ours(data_dir: Path, **environment: str) -> Server:
    """The production server, as ``make serve`` starts it, with the limits on rate off."""
    return Server(
        data_dir,
        {"RATE_LIMITS": "off", "LOG_LEVEL": "WARNING", "METRICS_TOKEN": "bench"} | environment,
    )


def pids(server: Server | Competitor | Redis) -> list[int]:
    if isinstance(server, Competitor):
        return server.pids()
    assert server.process is not None
    return measure.family(server.process.pid)


def redis(directory: Path) -> Redis:
    program = shutil.which("redis-server")
    if program is None:
        raise NotInstalled("redis-server is not installed")
    return Redis(program, directory / "redis")


def seed(data_dir: Path, *arguments: str) -> str:
    """Fills a new data directory before the server starts; what the seed printed last."""
    return on_data(data_dir, "benchmarks.seed", *arguments)


def timed(data_dir: Path, what: str) -> str:
    """Times a read of the server's in a process of its own (``benchmarks.reads``)."""
    return on_data(data_dir, "benchmarks.reads", what)


def on_data(data_dir: Path, module: str, *arguments: str, **settings: str) -> str:
    """Runs a module on this data directory; what it printed last."""
    environment = {k: v for k, v in os.environ.items() if k != "DEBUG"}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment | {"DATA_DIR": str(data_dir)} | settings,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return done.stdout.splitlines()[-1]


def stop_all(servers: Sequence[Server | Competitor | Redis]) -> None:
    for server in servers:
        server.stop()
