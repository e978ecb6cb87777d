"""`make dev`: what is saved is served at once, the page loads again, and Ctrl+C ends all of it."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.support.live import ROOT, environment, free_port

PATIENCE = 90
"""Seconds. Servers and builds start several times here, beside other tests."""

INSTALLED = {
    ".venv": Path(sys.prefix),
    "node_modules": ROOT / "node_modules",
    "extensions/vscode/node_modules": ROOT / "extensions/vscode/node_modules",
}


class Development:
    """`make dev` in a copy of the repository that uses what is installed in this one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.output = folder.parent / "dev.txt"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        # What is installed is newer or older than the copied lock files, by chance alone.
        installed = ("installed", "installed-dev")
        fresh = [f"--old-file={folder}/{name}" for folder in INSTALLED for name in installed]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                # A test that runs in the background ignores Ctrl+C, and so would its children.
                ["env", "--default-signal=INT", "make", "dev", f"PORT={self.port}", *fresh],
                cwd=self.folder,
                env=environment(self.folder / "var", {}),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.until(lambda: httpx.get(f"{self.url}/accounts/login/").status_code == 200)
        self.until(lambda: (self.folder / "extensions/vscode/dist/node/extension.js").exists())

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.output.read_text()[-3000:]
            try:
                if condition():
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"not within {PATIENCE} s: {self.output.read_text()[-3000:]}")

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def append(self, name: str | Path, line: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(f"\n{line}\n")

    def press_ctrl_c(self) -> list[psutil.Process]:
        """Returns the processes that are still there when make has ended."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        assert len(family) >= 4, "the server, its reloader, the build and its service"
        subprocess.run(["kill", "-INT", "--", f"-{self.process.pid}"], check=True)
        self.process.wait(PATIENCE)
        return psutil.wait_procs(family, timeout=10)[1]

    def kill(self) -> None:
        family = psutil.Process(self.process.pid).children(recursive=True)
        for process in [*family, self.process]:
            process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def development(tmp_path: Path) -> Iterator[Development]:
    folder = tmp_path / "mediachat"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name, where in INSTALLED.items():
        (folder / name).symlink_to(where)
    development = Development(folder)
    try:
        development.start()
        yield development
    finally:
        if development.process.poll() is None:
            development.kill()


@pytest.mark.timeout(6 * PATIENCE)
def test_what_is_saved_is_served_and_ctrl_c_ends_everything(
    development: Development, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{development.url}/accounts/login/")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_be_visible()

    development.change("templates/base.html", "<title>", "<title>Changed: ")
    expect(page).to_have_title(re.compile("^Changed: "), timeout=PATIENCE * 1000)

    page.wait_for_load_state()
    (sheet,) = development.folder.glob("static/chat/**/theme.css")
    development.append(sheet, "h1 { letter-spacing: 7px !important; }")
    expect(heading).to_have_css("letter-spacing", "7px", timeout=PATIENCE * 1000)

    changed = 'urlpatterns.insert(0, path("changed/", RedirectView.as_view(url="/")))'
    development.append("mediachat/urls.py", changed)
    development.until(lambda: httpx.get(f"{development.url}/changed/").status_code == 302)

    development.append(
        "extensions/vscode/src/extension.ts", 'console.log("changed for this test");'
    )
    bundle = development.folder / "extensions/vscode/dist/node/extension.js"
    development.until(lambda: "changed for this test" in bundle.read_text())

    context.close()
    assert development.press_ctrl_c() == []
    assert "Traceback" not in development.output.read_text()
