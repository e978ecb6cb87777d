"""Files on the page: under their own names, as long as they are, and what is wrong with them."""

import re
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page

from tests import pictures
from tests.browser.conftest import OpenChat, send, talk_to, until

NAMES = [
    ".gitignore",
    'He said "hi".txt',
    "50%20 of 100%22.txt",
    "a\\b.txt",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467.txt",
]

# Records a second of a tone, as any page does, and drops it where messages are written.
RECORD = """async (name) => {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const to = context.createMediaStreamDestination();
  tone.connect(to);
  tone.start();
  const recorder = new MediaRecorder(to.stream, { mimeType: "audio/webm;codecs=opus" });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  setTimeout(() => recorder.stop(), 1200);
  await ended;
  await context.close();
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(parts, name, { type: "audio/webm" }));
  document.querySelector(".composer-text").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def given(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def as_chromium_saves(name: str) -> str:
    """Chromium replaces what Windows takes in no name, and a dot at the beginning."""
    return re.sub(r'["\\%~\u200c\u200d]', "_", name).lstrip("._")


def wav(seconds: int) -> bytes:
    return pictures.WAV[:40] + (8_000 * seconds).to_bytes(4, "little") + b"\x80" * 8_000 * seconds


def send_files(page: Page, text: str, *files: Any) -> Any:
    """Sends the text with these files, and answers with its message."""
    page.set_input_files(".composer-file", list(files))
    until(page, f"document.querySelectorAll('.upload-size').length === {len(files)}")
    send(page, text)
    return page.locator("mc-message:not(.is-unsent)").filter(has_text=text).last


def test_files_keep_their_names_and_players_know_how_long_they_are(open_chat: OpenChat) -> None:
    one = open_chat("crowd11", accept_downloads=True)
    talk_to(one, "crowd12")
    said = send_files(one, "under their names", *[given(name, b"text") for name in NAMES])
    said.wait_for()
    assert said.locator(".file-name").all_inner_texts() == NAMES
    for at, name in enumerate(NAMES):
        card = said.locator(".file-card").nth(at)
        with one.expect_download() as download:
            card.click()
        assert as_chromium_saves(name) == as_chromium_saves(download.value.suggested_filename)
        answer = one.request.get(card.get_attribute("href") or "")
        told = answer.headers["content-disposition"]
        plain = f'filename="{name}"'
        assert told.endswith((plain, f"filename*=UTF-8''{quote(name, safe='')}"))

    one.evaluate(RECORD, "voice.webm")
    one.set_input_files(".composer-file", given("tone.wav", wav(3)))
    until(one, "document.querySelectorAll('.upload-size').length === 2")
    send(one, "to be heard")
    said = one.locator("mc-message:not(.is-unsent)").filter(has_text="to be heard").last
    said.locator("audio").nth(1).wait_for()
    assert said.locator("video").count() == 0
    players = "[...document.querySelectorAll('mc-message:last-child audio')]"
    until(one, f"{players}.every(({{ duration }}) => Number.isFinite(duration))")
    lengths = one.evaluate(f"{players}.map((player) => [player.duration, player.currentTime])")
    assert lengths[1] == [3, 0]
    assert 0.5 < lengths[0][0] < 10
    until(one, f"{players}.every(({{ currentTime, paused }}) => currentTime === 0 && paused)")
