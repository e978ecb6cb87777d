"""What may be uploaded: files are what they say, pictures are small enough and tell nothing."""

import dataclasses
import re
import resource
import subprocess
import sys
import unicodedata
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from pytest_django import Settings

from chat.media import content_types, images
from chat.protocol import AttachmentProblem
from mediachat.pictures import image_worker, lanes, metadata, process
from mediachat.pictures.image_worker import Picture
from tests.support import pictures
from tests.support.live import ROOT
from tests.support.pictures import SECRET
from tests.support.xss_corpus import FILE_NAMES

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
PNG = pictures.picture("PNG")
JPEG = pictures.picture("JPEG")


def as_stored(data: bytes, content_type: str, lane: lanes.Lane = lanes.large) -> Picture:
    """A picture that can be shown."""
    picture, problem, metadata_kept = images.prepare(data, content_type, lane)
    assert problem is None and not metadata_kept
    return picture


# -- Types -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (PNG, "x.png", "image/png"),
        (JPEG, "x.JPG", "image/jpeg"),
        (pictures.picture("GIF"), "x.gif", "image/gif"),
        (pictures.picture("WEBP"), "x.webp", "image/webp"),
        (pictures.picture("AVIF"), "x.avif", "image/avif"),
        (JPEG, "really-a-jpeg.png", "image/jpeg"),
        (PNG, "pasted", "image/png"),
        (pictures.MP4, "x.mp4", "video/mp4"),
        (pictures.FRAGMENTED_MP4, "x.mp4", "video/mp4"),
        (pictures.M4A, "x.m4a", "audio/mp4"),
        (pictures.M4A, "x.mp3", "audio/mp4"),
        (pictures.WEBM, "x.webm", "video/webm"),
        (pictures.WEBM, "voice.weba", "audio/webm"),
        (pictures.OGG, "x.ogg", "audio/ogg"),
        (pictures.OGG, "x.opus", "audio/ogg"),
        (pictures.MP3, "x.mp3", "audio/mpeg"),
        (pictures.MP3_WITHOUT_TAG, "x.mp3", "audio/mpeg"),
        (pictures.WAV, "x.wav", "audio/wav"),
        (pictures.FLAC, "x.flac", "audio/flac"),
    ],
)
def test_what_name_and_content_agree_on_is_shown(
    content: bytes, name: str, content_type: str
) -> None:
    assert content_types.kind_of(content, name) == (content_type, None)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pictures.HTML, "x.html"),
        (pictures.SVG, "x.svg"),
        (PNG, "x.html"),
        (PNG, "x.svg"),
        (pictures.MP4, "x.html"),
        (b"GIF89a=1;alert(1)//", "x.js"),
        (b"PK\3\4" + b"\0" * 50, "x.pdf"),
        (b"%PDF-1.7", "x.zip"),
        (b"\0\1", "notes.txt"),
        (pictures.PROGRAM, "setup.exe"),
        (b"", "empty.txt"),
        (b"", ""),
        (b"\xff", "x"),
    ],
)
def test_everything_else_is_a_card_to_save(content: bytes, name: str) -> None:
    assert content_types.kind_of(content, name) == (content_types.OTHER, None)


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (b"%PDF-1.7", "x.pdf", "application/pdf"),
        (b"PK\3\4" + b"\0" * 50, "x.zip", "application/zip"),
        (b"hello", "notes.txt", "text/plain"),
        ("schön".encode(), "notes.md", "text/markdown"),
        (b"def f():\n\treturn 1\n", "f.py", "text/plain"),
        (pictures.HTML, "x.txt", "text/plain"),
        (pictures.SVG, "x", "text/plain"),
    ],
)
def test_a_card_says_what_it_is_and_is_saved_as_bytes(
    content: bytes, name: str, content_type: str
) -> None:
    assert content_types.kind_of(content, name) == (content_type, None)
    assert content_types.served_as(content_type) == content_types.OTHER


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pictures.HTML, "x.png"),
        (pictures.SVG, "x.jpg"),
        (b"", "x.png"),
        (b"hello", "x.gif"),
        (pictures.MP4, "x.png"),
        (PNG, "x.mp4"),
        (pictures.HTML, "x.mp3"),
        (b"\xff", "x.mp3"),
        (pictures.PROGRAM, "x.wav"),
        (pictures.PROGRAM, "invoice.pdf"),
        (b"\x7fELF" + b"\0" * 50, "notes.txt"),
    ],
)
def test_a_file_that_pretends_is_a_card_that_says_so(content: bytes, name: str) -> None:
    assert content_types.kind_of(content, name) == (
        content_types.OTHER,
        AttachmentProblem.MISLABELED,
    )


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (pictures.heic(), "image/heic"),
        (pictures.boxes(b"mif1", b"heic"), "image/heic"),
        (pictures.boxes(b"mif1", b"miaf"), "image/heif"),
        (b"II*\0" + bytes(50), "image/tiff"),
    ],
)
@pytest.mark.parametrize("name", ["x.heic", "x.jpg", "x.png", "x.mp4", "x"])
def test_a_picture_that_cannot_be_shown_is_a_card_under_every_name(
    content: bytes, content_type: str, name: str
) -> None:
    pretends = name in ("x.jpg", "x.png", "x.mp4")
    problem = AttachmentProblem.MISLABELED if pretends else None
    assert content_types.kind_of(content, name) == (content_type, problem)
    assert content_types.served_as(content_type) == content_types.OTHER


def test_of_what_pretends_it_is_told_what_it_is_in_truth() -> None:
    for content, content_type in (
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\3\4" + bytes(50), "application/zip"),
    ):
        mislabeled = (content_type, AttachmentProblem.MISLABELED)
        assert content_types.kind_of(content, "x.png") == mislabeled
    avif = pictures.boxes(b"mif1", b"avif")
    assert content_types.kind_of(avif, "x.avif") == ("image/avif", None)


def test_nothing_that_can_run_scripts_is_ever_shown_in_place() -> None:
    for kind in ("html", "svg", "xml", "pdf", "javascript", "plain", "octet-stream"):
        assert not any(kind in shown for shown in content_types.INLINE)


# -- Names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("notes.txt", "notes.txt"),
        ("Übersicht 2026.pdf", "Übersicht 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\x.doc", "x.doc"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("x\r\nSet-Cookie: a=b.png", "xSet-Cookie: a=b.png"),
        ("x\x00.png", "x.png"),
        ("a \u2028 b.txt", "a b.txt"),
        (".htaccess", ".htaccess"),
        (".gitignore", ".gitignore"),
        ("..", "file"),
        ("..\\..\\.env", ".env"),
        ("\\\\server\\share\\x.txt", "x.txt"),
        ("a\\b.txt", "a\\b.txt"),
        ('He said "hi".txt', 'He said "hi".txt'),
        ("100%22 of 50%.txt", "100%22 of 50%.txt"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt",
        ),
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
        ),
        (f"{SCOTLAND}.png", f"{SCOTLAND}.png"),
        ("in\u200cvoice\u200d.p\u200ddf", "invoice.pdf"),
        ("\U000e0069in\U000e0020voice.pdf", "invoice.pdf"),
        ("...", "file"),
        ("", "file"),
        ("thumbnail", "thumbnail"),
        ("\x80\\x.exe", "x.exe"),
        ("\u200d\\\u2060\\x.exe", "x.exe"),
        (".\x00.\\x.exe", "x.exe"),
        ("C\u2800:\\x.exe", "x.exe"),
        ("/ C:\\x.exe", "x.exe"),
        ("\U000e0067\u200c\U000e0067\\x.exe", "x.exe"),
        ("C\x80\u0301.txt", "\u0106.txt"),
        ("C\u200d\u0301.txt", "\u0106.txt"),
        ("in\u3164voice\u2800.pdf", "invoice.pdf"),
        ("in\ufffcvoice\U0001d159.pdf", "invoice.pdf"),
        ("\ud800.png", "?.png"),
        ("a" * 300 + ".png", "a" * 251 + ".png"),
        ("é" * 300 + ".png", "é" * 125 + ".png"),
        ("x." + "y" * 300, "x." + "y" * 253),
    ],
)
def test_a_name_is_cleaned_and_keeps_its_ending(given: str, kept: str) -> None:
    assert content_types.clean_name(given) == kept


@pytest.mark.parametrize("name", FILE_NAMES)
def test_no_name_of_the_corpus_stays_dangerous(name: str) -> None:
    assert_harmless(content_types.clean_name(name))


HIDING = "\\/.: aC\xe9?\x80\u0301\u200c\u200d\u2060\u3164\U0001f3f4\U000e0067\U000e007f\ud800"
"""What folders are made of, and what they have hidden behind."""


@given(st.text(max_size=400) | st.text(HIDING, max_size=12))
@hypothesis_settings(deadline=None, max_examples=500)
def test_no_name_at_all_stays_dangerous(name: str) -> None:
    clean = content_types.clean_name(name)
    assert_harmless(clean)
    assert content_types.clean_name(clean) == clean


def assert_harmless(name: str) -> None:
    assert 0 < len(name.encode()) <= content_types.NAME_LIMIT
    assert "/" not in name and name.strip(". ")
    assert not re.match(r"[A-Za-z]:\\|\\|\.{1,2}\\", name)
    assert not name.endswith((" ", "."))
    for char in name.replace(SCOTLAND, ""):
        assert unicodedata.category(char) not in ("Cc", "Zl", "Zp", "Cs")
        assert unicodedata.category(char) != "Cf" or char in "\u200c\u200d" or "\U0001f3f4" in name


# -- Metadata --------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_where_a_picture_was_taken_is_not_told(format: str) -> None:
    data = pictures.with_metadata(format)
    assert SECRET in data
    prepared = as_stored(data, f"image/{format.lower()}")
    assert SECRET not in prepared.data
    with Image.open(BytesIO(prepared.data)) as image:
        assert not image.getexif()
        assert "xmp" not in image.info and "comment" not in image.info


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_picture_that_lies_on_its_side_is_turned(format: str) -> None:
    options = {"quality": 100} if format != "PNG" else {}
    data = pictures.with_metadata(format, orientation=6, **options)
    prepared = as_stored(data, f"image/{format.lower()}")
    assert (prepared.width, prepared.height) == (40, 60)
    assert SECRET not in prepared.data
    with Image.open(BytesIO(prepared.data)) as image:
        red, _, blue = image.convert("RGB").getpixel((20, 10))
    assert red > 200 > 60 > blue


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_the_pixels_stay_as_they_were(format: str) -> None:
    data = pictures.with_metadata(format)
    with Image.open(BytesIO(data)) as before:
        expected = before.convert("RGB").tobytes()
    with Image.open(BytesIO(as_stored(data, f"image/{format.lower()}").data)) as after:
        assert after.convert("RGB").tobytes() == expected


def test_a_progressive_jpeg_keeps_all_its_scans() -> None:
    data = pictures.with_metadata("JPEG", progressive=True)
    stripped = metadata.strip(data, "image/jpeg")
    assert SECRET not in stripped
    with Image.open(BytesIO(stripped)) as image:
        image.load()


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_colours_keep_their_profile(format: str) -> None:
    data = pictures.picture(format, icc_profile=b"a profile" * 20)
    with Image.open(BytesIO(metadata.strip(data, f"image/{format.lower()}"))) as image:
        assert image.info["icc_profile"] == b"a profile" * 20


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_what_is_hidden_behind_a_picture_is_cut_off(format: str) -> None:
    data = pictures.picture(format) + pictures.HTML
    assert b"script" not in as_stored(data, f"image/{format.lower()}").data


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_goes_on_moving(format: str) -> None:
    prepared = as_stored(pictures.animation(format), f"image/{format.lower()}")
    with Image.open(BytesIO(prepared.data)) as image:
        assert getattr(image, "n_frames", 1) == 3
    assert prepared.thumbnail is None


@given(st.data())
@hypothesis_settings(deadline=None, max_examples=200)
def test_a_broken_picture_is_refused_and_does_no_harm(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
    broken = bytearray(pictures.with_metadata(kind) if kind != "GIF" else pictures.animation(kind))
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.integers(12, len(broken)))]
    try:
        # Here and not in a process for each of two hundred.
        prepared = image_worker.prepare(bytes(broken), f"image/{kind.lower()}", 25)
    except Exception:
        return  # of which the process makes a refusal
    assert (prepared.width or 0) * (prepared.height or 0) <= 25_000_000


# -- Sizes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16"])
def test_a_thumbnail_fits_and_keeps_the_proportions(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (2000, 1000)).save(out, "PNG")
    prepared = as_stored(out.getvalue(), "image/png")
    assert (prepared.width, prepared.height) == (2000, 1000)
    assert prepared.thumbnail is not None
    with Image.open(BytesIO(prepared.thumbnail)) as small:
        assert small.size == (640, 320) and small.format == "WEBP"


def test_a_small_picture_is_not_blown_up() -> None:
    prepared = as_stored(PNG, "image/png")
    assert prepared.thumbnail is not None
    with Image.open(BytesIO(prepared.thumbnail)) as small:
        assert small.size == (60, 40)


def test_a_picture_in_the_colours_of_print_has_a_thumbnail() -> None:
    assert as_stored(pictures.picture("JPEG", mode="CMYK"), "image/jpeg").thumbnail


@pytest.mark.parametrize("side", [5_001, 13_000, 30_000])
def test_a_picture_of_too_many_pixels_is_kept_and_not_decoded(side: int) -> None:
    bomb = pictures.huge_png(side, side, rows=500)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = images.prepare(bomb, "image/png")
    assert kept.problem == AttachmentProblem.TOO_MANY_PIXELS and kept.picture.data == bomb
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000  # KiB


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_what_cannot_be_shown_tells_nothing_either_and_is_held_as_it_was(
    kind: str, settings: Settings
) -> None:
    settings.MAX_IMAGE_MEGAPIXELS = 1
    data = (
        pictures.heic()
        if kind == "HEIC"
        else pictures.with_metadata(kind, orientation=6, size=(1_500, 1_000))
    )
    assert SECRET in data
    picture, problem, metadata_kept = images.prepare(data, f"image/{kind.lower()}")
    assert (picture.width, picture.height, picture.thumbnail) == (None, None, None)
    assert SECRET not in picture.data and not metadata_kept
    if kind == "HEIC":
        assert problem is None and len(picture.data) == len(data)
        return
    assert problem == AttachmentProblem.TOO_MANY_PIXELS
    with Image.open(BytesIO(data)) as before, Image.open(BytesIO(picture.data)) as after:
        assert dict(after.getexif()) == {0x0112: 6}
        assert after.convert("RGB").tobytes() == before.convert("RGB").tobytes()


def test_what_cannot_be_followed_is_kept_as_it_was_sent_and_says_so() -> None:
    whole = pictures.with_metadata("JPEG")
    scan = whole.index(b"\xff\xda")
    for data, content_type in (
        (whole[:scan], "image/jpeg"),  # no pixels
        (whole[:200] + bytes(50) + whole[200:], "image/jpeg"),
        (pictures.boxes(b"heic", b"mif1") + SECRET, "image/heic"),
    ):
        problem = None if content_type == "image/heic" else AttachmentProblem.UNREADABLE
        kept = images.prepare(data, content_type)
        assert kept == (Picture(data, None, None, None), problem, True)


# -- The process that decodes ------------------------------------------------------------------


def noise(side: int) -> bytes:
    out = BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(out, "PNG", compress_level=1)
    return out.getvalue()


def test_a_decoder_has_no_more_memory_than_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    large = noise(4_800)
    assert as_stored(large, "image/png").width == 4_800
    # Enough for what decodes and for a small picture, and too little for the large one.
    monkeypatch.setattr(process, "MEMORY", 170 * 1024 * 1024)
    monkeypatch.setattr(process, "PER_BYTE", 0)
    frugal = dataclasses.replace(lanes.large, bytes_per_pixel=0)
    assert as_stored(noise(400), "image/png", frugal).width == 400
    kept = images.prepare(large, "image/png", frugal)
    assert kept[:2] == (Picture(large, None, None, None), AttachmentProblem.UNREADABLE)
    assert as_stored(noise(400), "image/png", frugal).width == 400


def test_a_decoder_writes_no_file_and_sees_no_secret(tmp_path: Path) -> None:
    target = tmp_path / "left-behind"
    script = (
        "import os\n"
        "from mediachat.pictures import image_worker\n"
        "image_worker._limit(2**30, 20, 5)\n"
        "assert os.environ.keys() <= {'LC_CTYPE'}\n"
        f"open({str(target)!r}, 'wb', buffering=0).write(b'x' * 10)"
    )
    tried = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={}, capture_output=True, text=True
    )
    assert "File too large" in tried.stderr, tried.stderr
    assert target.read_bytes() == b""


def test_what_no_decoder_can_be_started_for_is_kept_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "MEMORY", 1024 * 1024)  # it does not even start
    frugal = dataclasses.replace(lanes.large, bytes_per_pixel=0)
    kept = images.prepare(PNG, "image/png", frugal)
    assert kept[:2] == (Picture(PNG, None, None, None), AttachmentProblem.UNREADABLE)
