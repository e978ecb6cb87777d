"""README's examples of programs, run as they stand: in Node with both WebSockets, and in Chromium.

Only the server's address, the names and the password are others.
"""

import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from tests.browser.conftest import OpenChat
from tests.conftest import PASSWORD
from tests.support.live import ROOT, Seeded, Server

pytestmark = pytest.mark.once

CLIENT = ROOT / "static" / "chat"
OTHERS = {"ada": "member", "grace": "owner", "her password": PASSWORD}

RUN = """(code) => {
  const script = (type, text) => {
    const element = Object.assign(document.createElement("script"), { type, textContent: text });
    document.head.append(element);
  };
  const imports = { "mediachat-client": "/static/chat/client.js" };
  script("importmap", JSON.stringify({ imports }));
  script("module", code);
}"""


def example(of: str, server: Server) -> str:
    """The one block of JavaScript in README.md that imports this and nothing further."""
    blocks = re.findall(r"```js\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    [code] = [block for block in blocks if re.findall(r'from "(.*?)"', block)[-1] == of]
    for name, other in OTHERS.items():
        code = code.replace(f'"{name}"', f'"{other}"')
    return str(code.replace("https://chat.example.org", server.url))


@pytest.fixture
def say(server: Server, seeded: Seeded) -> Callable[[str], None]:
    """Somebody else says something in a room that no program has opened."""
    with httpx.Client(base_url=server.url) as door:
        person = {"username": "owner", "password": PASSWORD}
        answer = door.post("/_allauth/app/v1/auth/login", json=person).json()
    token = answer["meta"]["session_token"]

    def start(body: str) -> None:
        answer = httpx.post(
            f"{server.url}/api/v1/rooms/{seeded.rooms['private']}/messages",
            json={"client_id": str(uuid.uuid4()), "body": body},
            headers={"X-Session-Token": token},
        )
        assert answer.is_success, answer.text

    return start


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program's folder outside of the repository, with the client installed as README says."""
    folder: Path = tmp_path_factory.mktemp("program")
    (folder / "package.json").write_text('{"type": "module"}')
    npm = shutil.which("npm")
    assert npm
    install = [npm, "install", "--offline", "--no-audit", "--no-fund", str(CLIENT)]
    subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture
def node(program: Path) -> Iterator[Callable[..., IO[str]]]:
    """Starts a program; returns what it prints."""
    running: list[subprocess.Popen[str]] = []

    def start(code: str, *options: str) -> IO[str]:
        (program / "main.js").write_text(code)
        executable = shutil.which("node")
        assert executable
        process = subprocess.Popen(
            [executable, *options, "main.js"],
            cwd=program,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        assert process.stdout
        return process.stdout

    yield start
    for process in running:
        process.kill()
        process.wait(10)


def major() -> int:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(version.stdout.lstrip("v").split(".")[0])


def read_until(printed: IO[str], words: str) -> str:
    """What is printed up to the line with these words, or to the end."""
    lines = []
    for line in printed:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def test_the_example_with_the_platforms_own_websocket(
    server: Server, node: Callable[..., IO[str]], say: Callable[[str], None]
) -> None:
    """Node 22 has one; Node 20 has the same behind an option."""
    options = ["--experimental-websocket"] if major() < 22 else []
    printed = node(example("mediachat-client", server), *options)
    read_until(printed, "member: It **works**.")
    say("First one")
    say("Second one")
    assert "First one" in read_until(printed, "The private room owner: Second one")


def test_the_example_with_ws(
    server: Server, program: Path, node: Callable[..., IO[str]], say: Callable[[str], None]
) -> None:
    installed = program / "node_modules" / "ws"
    if not installed.exists():
        installed.symlink_to(ROOT / "node_modules" / "ws")
    options = ["--no-experimental-websocket"] if major() >= 22 else []
    printed = node(example("ws", server), *options)
    read_until(printed, "member: It **works**.")
    say("Heard through ws")
    read_until(printed, "owner: Heard through ws")


def test_without_a_websocket_the_client_says_what_to_do(
    server: Server, node: Callable[..., IO[str]]
) -> None:
    options = ["--no-experimental-websocket"] if major() >= 22 else []
    printed = node(example("mediachat-client", server), *options)
    assert "install ws and pass its class" in printed.read()


def test_the_example_in_a_browser(
    server: Server, open_page: OpenChat, say: Callable[[str], None]
) -> None:
    page = open_page()
    page.goto("/healthz")  # of the server's origin, and without a policy
    with page.expect_console_message(lambda line: "member: It **works**." in line.text):
        page.evaluate(RUN, example("mediachat-client", server))
    with page.expect_console_message(lambda line: line.text.endswith("owner: In a browser")):
        say("In a browser")
