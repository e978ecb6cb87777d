"""From one person's page to another's, in Chromium."""

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, Page, async_playwright

from tests.conftest import CHROMIUM_ARGUMENTS

PAUSE = 100
"""Milliseconds between two messages: when it is quiet, none is joined with another."""

# Both pages share the browser's monotonic clock; timeOrigin tells where each began on it.
NOTE_SHOWN = """
() => {
  window.shown = {};
  new MutationObserver(() => {
    const now = performance.timeOrigin + performance.now();
    const newest = [...document.querySelectorAll("mc-message[data-number]")].at(-1);
    const number = newest?.textContent.match(/quiet message (\\d+)/)?.[1];
    if (number && !(number in window.shown)) window.shown[number] = now;
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""

SEND = """
async ([count, pause]) => {
  const sent = {}, field = document.querySelector("mc-composer textarea");
  for (let number = 0; number < count; number++) {
    field.value = `quiet message ${number}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve, pause));
    sent[number] = performance.timeOrigin + performance.now();
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    // Nobody begins the next message in the same moment: "is typing" would go with this one.
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return sent;
}
"""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    program = next(
        p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def tab(browser: Browser, url: str, session: str) -> Page:
    """An empty tab of someone who is signed in."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
    return await context.new_page()


async def page_to_page(url: str, room: str, sender: str, reader: str, count: int) -> list[float]:
    """Seconds from Enter in the sender's page to the message in the reader's document."""
    async with chromium() as browser:
        pages = []
        for session in (sender, reader):
            pages.append(await tab(browser, url, session))
            await pages[-1].goto(f"{url}/#{room}")
            await pages[-1].locator("mc-composer textarea").wait_for()
        await pages[1].evaluate(NOTE_SHOWN)
        await pages[0].evaluate(SEND, [5, PAUSE])  # first calls are not what is measured
        await pages[1].evaluate("() => { window.shown = {}; }")
        sent = await pages[0].evaluate(SEND, [count, PAUSE])
        shown = await pages[1].evaluate("window.shown")
    times = [(shown[number] - at) / 1000 for number, at in sent.items() if number in shown]
    if len(times) < count:
        raise RuntimeError(f"{count - len(times)} of {count} messages were never shown")
    return times
