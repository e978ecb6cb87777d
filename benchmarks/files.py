"""The page in a browser, and large files."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from typing import Any

from benchmarks import measure, screen, servers
from benchmarks.scenarios import Scale, ours, scratch
from benchmarks.screen import chromium

SCROLLED_BACK = 5_000
MIB = 1024 * 1024

# Scrolls up as a wheel would, and keeps what a person would notice: a message in sight that
# moves otherwise than by what was scrolled, and a frame that took long.
SCROLL = """
async (target) => {
  const shown = () => [...document.querySelectorAll("mc-message[data-number]")];
  const numbers = () => shown().map((each) => Number(each.dataset.number));
  let scroller = shown()[0].parentElement;
  while (scroller && !/auto|scroll/.test(getComputedStyle(scroller).overflowY)) {
    scroller = scroller.parentElement;
  }
  const newest = Math.max(...numbers());
  const frames = [], began = performance.now();
  let most = 0, jumps = 0, last = began;
  while (newest - Math.min(...numbers()) < target && performance.now() - began < 120000) {
    const middle = scroller.getBoundingClientRect().top + scroller.clientHeight / 2;
    const held = shown().find((each) => each.getBoundingClientRect().bottom > middle);
    const before = held.getBoundingClientRect().top;
    const from = scroller.scrollTop;
    scroller.scrollBy(0, -600);
    const moved = from - scroller.scrollTop;
    for (let n = 0; n < 2; n++) {
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - last);
      last = now;
    }
    const strayed = held.getBoundingClientRect().top - before - moved;
    if (held.isConnected && Math.abs(strayed) > 2) jumps++;
    most = Math.max(most, shown().length);
  }
  frames.sort((a, b) => a - b);
  return {
    scrolled_back: newest - Math.min(...numbers()), most_elements: most, jumps,
    longest_frame_ms: Math.round(frames.at(-1)),
    p99_frame_ms: Math.round(frames[Math.floor(frames.length * 0.99)]),
    frames_over_50_ms: frames.filter((each) => each > 50).length, frames: frames.length,
  };
}
"""

SINCE_FIRST_BYTE = """
performance.now() - performance.getEntriesByType("navigation")[0].responseStart
"""


async def page(scale: Scale) -> dict[str, Any]:
    """Opens a long room in Chromium and scrolls far back."""
    async with (
        ours("--messages", str(scale.page), "--members", "20") as running,
        chromium() as browser,
    ):
        url = running.urls[0]
        tab = await screen.tab(browser, url, running.members[0][0])
        interactive = []
        for _ in range(3):
            await tab.goto(f"{url}/#{running.rooms[0]}", wait_until="commit")
            room = tab.get_by_text("Room 0").first
            await room.wait_for()
            if not await tab.locator("mc-message[data-number]").count():
                await room.click()
            await tab.locator("mc-message[data-number]").last.wait_for()
            interactive.append(await tab.evaluate(SINCE_FIRST_BYTE))
            if len(interactive) < 3:
                await tab.goto("about:blank")
        result = await tab.evaluate(SCROLL, min(SCROLLED_BACK, scale.page - 200))
    return {
        "messages": scale.page,
        "interactive_ms": [round(each) for each in interactive],
        **result,
    }


async def upload(scale: Scale) -> dict[str, Any]:
    """One large file to ours, and by PUT to nginx."""
    rows = []
    async with scratch() as directory:
        file = directory / "file.bin"
        with file.open("wb") as out:
            block = bytes(range(256)) * (MIB // 256)
            for _ in range(scale.upload_mib):
                out.write(block)
        size = file.stat().st_size
        async with ours("--members", "2", MAX_UPLOAD_MB=str(scale.upload_mib + 1)) as running:
            headers = ["-H", f"X-Session-Token: {running.members[0][0]}", "-F", f"file=@{file}"]
            url = f"{running.urls[0]}/api/v1/attachments"
            rows.append(await _sent("Media Chat", size, [*headers, url], lambda: running.pids))
        theirs = servers.nginx(directory)
        try:
            theirs.start()
            arguments = ["-T", str(file), f"http://127.0.0.1:{theirs.port}/file.bin"]
            rows.append(await _sent(theirs.name, size, arguments, theirs.pids))
        except servers.NotInstalled as error:
            rows.append({"name": theirs.name, "missing": str(error)})
        finally:
            theirs.stop()
    return {"mib": scale.upload_mib, "rows": rows}


async def _sent(
    name: str, size: int, arguments: list[str], pids: Callable[[], list[int]]
) -> dict[str, Any]:
    before, used, began = measure.memory(pids()), measure.cpu(pids()), time.perf_counter()
    most = before
    process = await asyncio.create_subprocess_exec(
        "curl",
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-H",
        "Expect:",
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    answer = asyncio.ensure_future(process.communicate())
    while not answer.done():
        most = max(most, measure.memory(pids()))
        await asyncio.sleep(0.05)
    code, error = await answer
    if not code.startswith(b"2"):
        return {"name": name, "missing": f"answered {code.decode()} {error.decode()}".strip()}
    took = time.perf_counter() - began
    return {
        "name": name,
        "mib_per_s": round(size / MIB / took, 1),
        "cpu_ms_per_mib": round((measure.cpu(pids()) - used) / (size / MIB) * 1000, 2),
        "memory_mib": round((most - before) / MIB, 1),
    }
