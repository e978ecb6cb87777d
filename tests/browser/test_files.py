"""Files on the page: under their own names, as long as they are, and what is wrong with them."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SCREENSHOTS, OpenChat, send, talk_to, until
from tests.support import pictures

pytestmark = pytest.mark.once

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
    until(page, f"document.querySelectorAll('.upload-size').length === {len(files)}", seconds=60)
    send(page, text)
    said = page.locator("mc-message:not(.is-unsent)").filter(has_text=text).last
    said.wait_for()
    return said


def cut_off(format: str, cut: int) -> bytes:
    return pictures.picture(format, (600, 400))[:-cut]


def test_what_is_wrong_with_a_file_holds_nothing_back(open_chat: OpenChat) -> None:
    one = open_chat("crowd13")
    talk_to(one, "crowd14")
    said = send_files(
        one,
        "of all kinds",
        given("whole.jpg", pictures.jpeg_of_two_pictures(6)),
        given("no-end.jpg", cut_off("JPEG", 2)),
        given("no-end.png", cut_off("PNG", 12)),
        given("cut.jpg", cut_off("JPEG", 10)),
        given("phone.jpg", pictures.heic()),
        given("paper.png", b"%PDF-1.7"),
        given("huge.png", pictures.huge_png(13_000, 13_000, rows=200)),
        given("broken.png", pictures.picture("PNG")[:30]),
        given("scan.tif", b"II*\0" + bytes(50)),
    )
    shown = said.locator(".thumbnail img")
    assert shown.count() == 4
    for at in range(4):
        decoded = "async (image) => { await image.decode(); return image.naturalWidth; }"
        assert shown.nth(at).evaluate(decoded) > 0
    assert shown.first.evaluate("(image) => image.naturalHeight > image.naturalWidth")
    said.locator(".thumbnail").nth(1).click()
    large = one.locator(".lightbox-image")
    assert (
        large.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }")
        == 600
    )
    one.keyboard.press("Escape")
    assert said.locator(".file-card .file-name").all_inner_texts() == [
        "phone.jpg",
        "paper.png",
        "huge.png",
        "broken.png",
        "scan.tif",
    ]
    original = "The original, with the place and time that its camera may have noted"
    assert said.locator(".file-notes").all_inner_texts() == [
        "Not what its name says: this is an HEIC picture",
        "Not what its name says: this is a PDF",
        "Too many pixels to be shown here",
        f"Damaged, so it cannot be shown. {original}",
        original,
    ]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    said.screenshot(path=SCREENSHOTS / "files.png")

    # What cannot be kept at all is told apart, and holds nothing back either.
    refusal = {"code": "too_large", "detail": "A file can have at most 100 MB."}
    one.route("**/api/v1/attachments", lambda route: route.fulfill(status=413, json=refusal))
    one.set_input_files(".composer-file", given("film.iso", b"large"))
    one.locator(".upload-error").filter(has_text="at most 100 MB").wait_for()
    one.unroute("**/api/v1/attachments")
    one.set_input_files(".composer-file", given("small.txt", b"small"))
    send(one, "goes without it")
    said = one.locator("mc-message:not(.is-unsent)").filter(has_text="goes without it").last
    said.locator(".file-name", has_text="small.txt").wait_for()
    one.locator(".composer-notice").filter(has_text="Sent without the file").wait_for()
    assert one.locator(".upload-name").all_inner_texts() == ["film.iso"]
    assert one.input_value(".composer-text") == ""
    one.get_by_role("button", name="Remove film.iso").click()
    until(one, "document.querySelectorAll('.upload').length === 0")


def test_files_keep_their_names_and_players_know_how_long_they_are(open_chat: OpenChat) -> None:
    one = open_chat("crowd11", accept_downloads=True)
    talk_to(one, "crowd12")
    said = send_files(one, "under their names", *[given(name, b"text") for name in NAMES])
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
