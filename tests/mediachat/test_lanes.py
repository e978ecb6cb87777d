"""Which pictures are quick, by what their first bytes say."""

import itertools
import resource
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mediachat.pictures import headers, lanes, process
from tests.support import pictures

PHONE = (4_000, 3_000)
SCREEN = (3_840, 2_160)


@pytest.fixture(autouse=True)
def _everyone_is_trusted() -> Iterator[None]:
    yield
    lanes._distrusted.clear()


def kind(format: str) -> str:
    return f"image/{format.lower()}"


def lane_of(data: bytes, format: str, size: int | None = None) -> lanes.Lane:
    return lanes.lanes_for("anna", data, kind(format), size or len(data))[0]


def is_small(data: bytes, format: str, size: int | None = None) -> bool:
    return lane_of(data, format, size) is lanes.small


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_header_tells_the_pixels(format: str) -> None:
    price = headers.PRICES[kind(format)].megapixel
    costs = [headers.cost(pictures.picture(format, size), kind(format), 0) for size in
             ((60, 40), (600, 400))]  # fmt: skip
    assert costs == [
        pytest.approx(headers.START + width * height * price / 1e6)
        for width, height in ((60, 40), (600, 400))
    ]


def test_a_webp_of_each_kind_tells_its_pixels() -> None:
    for options in ({}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}):
        found = headers.cost(pictures.picture("WEBP", (600, 400), **options), "image/webp", 0)
        assert found == pytest.approx(headers.START + 0.24 * headers.PRICES["image/webp"].megapixel)


@pytest.mark.parametrize(
    ("format", "size", "megabytes", "options", "expected"),
    [
        ("JPEG", PHONE, 5, {}, "medium"),
        ("JPEG", (2_000, 1_500), 2, {"progressive": True}, "medium"),
        ("JPEG", PHONE, 30, {}, "large"),
        ("JPEG", (5_000, 5_000), 3, {}, "large"),
        ("JPEG", (4_000, 4_000), 1, {"progressive": True}, "large"),
        ("PNG", (60, 60), 0.01, {}, "small"),
        ("PNG", (1_920, 1_080), 0.5, {}, "small"),
        ("JPEG", (1_600, 1_200), 1, {}, "small"),
        ("PNG", SCREEN, 3, {}, "medium"),
        ("PNG", (5_000, 5_000), 1, {}, "large"),
        ("WEBP", SCREEN, 1, {}, "medium"),
        ("WEBP", (4_000, 4_000), 1, {}, "large"),
        ("AVIF", (4_000, 4_000), 1, {}, "large"),
        ("GIF", (500, 500), 4, {}, "small"),
        ("GIF", (500, 500), 40, {}, "large"),
    ],
)
def test_each_picture_has_the_lane_for_its_cost(
    format: str, size: tuple[int, int], megabytes: float, options: dict[str, Any], expected: str
) -> None:
    data = pictures.picture(format, size, **options)
    assert lane_of(data, format, round(megabytes * 10**6)) is getattr(lanes, expected)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_what_does_not_say_its_size_is_large(format: str) -> None:
    data = pictures.picture(format)
    sound = next(cut for cut in itertools.count() if is_small(data[:cut], format, 100))
    assert 6 < sound < len(data)
    for cut in range(sound):
        assert not is_small(data[:cut], format, 100)


def test_a_size_far_behind_is_not_looked_for() -> None:
    data = pictures.picture("JPEG")
    note = b"\xff\xfe" + struct.pack(">H", 65_000) + bytes(64_998)
    assert is_small(data[:2] + note * 2 + data[2:], "JPEG")
    assert not is_small(data[:2] + note * 5 + data[2:], "JPEG")
    started = time.process_time()
    assert not is_small(data[:2] + b"\xff\xfe\0\2" * 5_000_000 + data[2:], "JPEG")
    assert time.process_time() - started < 0.1


def test_a_header_that_lies_is_found_out_in_a_second() -> None:
    data = pictures.gif_in_pieces(20_000_000)
    assert lane_of(data, "GIF") is lanes.medium
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(process.TooSlow):
        process.run("prepare", data, "image/gif", lanes.medium)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def test_whoever_lied_has_no_quick_pictures_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.picture("PNG")
    lanes.distrust("anna")
    assert lanes.lanes_for("anna", data, "image/png", 100) == (lanes.large,)
    assert lanes.lanes_for("ben", data, "image/png", 100) == (lanes.small, lanes.large)
    monkeypatch.setattr(lanes, "DISTRUST", -1.0)
    lanes.distrust("anna")
    assert lanes.lanes_for("anna", data, "image/png", 100) == (lanes.small, lanes.large)
    lanes.distrust("carl")
    assert list(lanes._distrusted) == ["carl"]
