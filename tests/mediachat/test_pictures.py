"""Pictures that are made to cost: refused by their blocks, before anything is decoded."""

import dataclasses
import resource
import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from mediachat.pictures import bounds, image_worker, lanes, process
from tests.support import pictures

SECONDS = 1.5
"""Of this process's work in which a picture that is made to cost is refused; each of these took
from ten seconds to minutes to decode."""


def many_exifs() -> bytes:
    """A JPEG whose notes come in many pieces, which are joined one by one."""
    data = pictures.picture("JPEG")
    note = b"\xff\xe1\xff\xff" + b"Exif\0\0" + bytes(65_527)
    return data[:2] + note * 400 + data[2:]


def deep_exif() -> bytes:
    """Notes of which each of 60,000 entries, all of one name, is the whole."""
    entry = struct.pack("<HHII", 0x9C9B, 1, 700_000, 8)
    table = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 60_000) + entry * 60_000 + bytes(4)
    return pictures.png_with(pictures.chunk(b"eXIf", table))


COSTLY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "scans": ("image/jpeg", lambda: pictures.jpeg_of_many_scans(2_500)),
    "segments": (
        "image/jpeg",
        lambda: pictures.picture("JPEG")[:2] + b"\xff\xfe\0\2" * 2_000_000 + b"\xff\xd9",
    ),
    "padding": ("image/jpeg", lambda: b"\xff\xd8" + b"\xff" * 50_000_000 + b"\xd9"),
    "junk": ("image/jpeg", lambda: b"\xff\xd8" + bytes(50_000_000) + pictures.picture("JPEG")),
    "notes in pieces": ("image/jpeg", many_exifs),
    "notes in notes": ("image/png", deep_exif),
    "frames of a GIF": ("image/gif", lambda: pictures.gif_of_many_frames(3_000, 2_000)),
    "more frames of a GIF": ("image/gif", lambda: pictures.gif_of_many_frames(20_000, 10)),
    "chunks": ("image/png", lambda: pictures.png_with(pictures.chunk(b"tEXt", b"a\0b") * 200_000)),
    "text": (
        "image/png",
        lambda: pictures.png_with(
            pictures.chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000), 9)) * 1_000
        ),
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_is_made_to_cost_is_refused_at_once(name: str) -> None:
    content_type, make = COSTLY[name]
    data = make()
    for task in (image_worker.prepare, image_worker.draw_avatar):
        before = resource.getrusage(resource.RUSAGE_SELF)
        with pytest.raises(Exception):  # noqa: B017  (whatever a decoder makes of it)
            task(data, content_type, 25)
        after = resource.getrusage(resource.RUSAGE_SELF)
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS


def test_the_process_refuses_many_scans_as_unreadable() -> None:
    with pytest.raises(process.UnreadablePicture):
        process.run(
            "prepare", pictures.jpeg_of_many_scans(100, side=100), "image/jpeg", lanes.large
        )


def test_a_picture_at_the_bounds_is_taken() -> None:
    scans = pictures.jpeg_of_many_scans(bounds.SCANS - 10, side=200)
    assert image_worker.prepare(scans, "image/jpeg", 25).width == 200
    progressive = pictures.picture("JPEG", (3_000, 2_000), mode="CMYK", progressive=True)
    assert image_worker.prepare(progressive, "image/jpeg", 25).width == 3_000
    frames = pictures.gif_of_many_frames(300, 400)
    assert image_worker.prepare(frames, "image/gif", 25).width == 400


@pytest.mark.parametrize(
    ("lane", "error"), [("large", process.UnreadablePicture), ("medium", process.TooSlow)]
)
def test_a_decoder_ends_when_its_time_is_up(lane: str, error: type[Exception]) -> None:
    limited = dataclasses.replace(
        getattr(lanes, lane), base_seconds=1, seconds_per_megapixel=0, most_megapixels=None
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(error):
        process.run("prepare", pictures.webp_to_be_turned(4_000), "image/webp", limited)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2.5


def test_a_large_animation_does_not_move_in_the_conversation() -> None:
    small = image_worker.prepare(pictures.animation("GIF"), "image/gif", 25)
    assert small.thumbnail is None
    large = pictures.gif_of_many_frames(20, 3_000)
    assert len(large) < image_worker.ANIMATION_LIMIT
    assert image_worker.prepare(large, "image/gif", 25).thumbnail is not None


def test_a_thumbnail_does_not_carry_a_printers_profile() -> None:
    for size, kept in ((1_000, True), (1_000_000, False)):
        data = pictures.picture("JPEG", icc_profile=b"p" * size)
        thumbnail = image_worker.prepare(data, "image/jpeg", 25).thumbnail
        assert thumbnail is not None
        assert (b"ICCP" in thumbnail) is kept


@pytest.mark.parametrize("size", [(3_000, 100), (100, 3_000), (20, 10), (1_000, 1_000)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16"])
def test_an_avatar_is_a_square_of_every_picture(size: tuple[int, int], mode: str) -> None:
    out = BytesIO()
    Image.new(mode, size).save(out, "PNG")
    drawn = image_worker.draw_avatar(out.getvalue(), "image/png", 25)
    with Image.open(BytesIO(drawn.data)) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_an_avatar_is_upright_and_tells_nothing(format: str) -> None:
    data = pictures.with_metadata(format, orientation=6)
    drawn = image_worker.draw_avatar(data, f"image/{format.lower()}", 25)
    assert pictures.SECRET not in drawn.data
    with Image.open(BytesIO(drawn.data)) as image:
        red, _, blue = image.convert("RGB").getpixel((128, 20))
    assert red > 200 > 60 > blue


def test_of_a_jpeg_with_two_pictures_the_first_is_turned_upright() -> None:
    prepared = image_worker.prepare(pictures.jpeg_of_two_pictures(6), "image/jpeg", 25)
    assert (prepared.width, prepared.height) == (40, 60)
    assert prepared.thumbnail is not None
    with Image.open(BytesIO(prepared.data)) as image:
        assert image.format == "JPEG"


@pytest.mark.parametrize("cut", [1, 2, 10, 200])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_of_a_picture_without_its_end_there_is_what_there_is(format: str, cut: int) -> None:
    noise = Image.effect_noise((120, 80), 90).convert("P" if format == "GIF" else "RGB")
    out = BytesIO()
    noise.save(out, format, comment=pictures.SECRET)
    data = out.getvalue()[:-cut]
    kept = image_worker.prepare(data, f"image/{format.lower()}", 25)
    assert (kept.width, kept.height) == (120, 80) and pictures.SECRET not in kept.data
    assert kept.thumbnail is not None
    with Image.open(BytesIO(kept.thumbnail)) as thumbnail:
        # Its upper half is that of the whole picture.
        half = noise.convert("RGB").crop((0, 0, 120, 40))
        difference = ImageChops.difference(thumbnail.convert("RGB").crop((0, 0, 120, 40)), half)
        assert ImageStat.Stat(difference).mean[0] < 20
    again = image_worker.prepare(kept.data, f"image/{format.lower()}", 25)
    assert again.data == kept.data
    assert image_worker.draw_avatar(data, f"image/{format.lower()}", 25).width == 256


def test_a_picture_is_cut_where_something_else_stands_in_it() -> None:
    data = pictures.with_metadata("PNG", size=(600, 400))
    at = data.index(b"IDAT") - 4
    (length,) = struct.unpack(">I", data[at : at + 4])
    end = at + 12 + length
    assert image_worker.prepare(data[:end] + b"\xff" * 50, "image/png", 25).width == 600


@pytest.mark.parametrize("format", ["WEBP", "PNG"])
def test_an_animation_is_held_as_it_was(format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = pictures.SECRET.decode()
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    out = BytesIO()
    frames[0].save(out, format, save_all=True, append_images=frames[1:], exif=exif)
    prepared = image_worker.prepare(out.getvalue(), f"image/{format.lower()}", 25)
    assert pictures.SECRET not in prepared.data
    with Image.open(BytesIO(prepared.data)) as image:
        assert getattr(image, "n_frames", 1) == 3
        assert dict(image.getexif()) == {0x0112: 6}


def test_an_animated_avif_goes_on_moving_and_tells_nothing() -> None:
    exif = Image.Exif()
    exif[0x010E] = pictures.SECRET.decode()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    out = BytesIO()
    frames[0].save(out, "AVIF", save_all=True, append_images=frames[1:], exif=exif)
    assert pictures.SECRET in out.getvalue()
    prepared = image_worker.prepare(out.getvalue(), "image/avif", 25)
    assert pictures.SECRET not in prepared.data and prepared.thumbnail is None
    with Image.open(BytesIO(prepared.data)) as image:
        assert getattr(image, "n_frames", 1) == 3


@pytest.mark.parametrize("frames", [1, 2])
def test_a_face_in_a_jpeg_of_several_pictures_is_upright(frames: int) -> None:
    data = pictures.jpeg_of_two_pictures(6) if frames == 2 else pictures.with_metadata("JPEG", 6)
    with Image.open(BytesIO(image_worker.draw_avatar(data, "image/jpeg", 25).data)) as image:
        red, _, blue = image.convert("RGB").getpixel((128, 20))
    assert red > 200 > 60 > blue


def test_a_gif_tells_nothing_and_goes_on_moving() -> None:
    data = pictures.animation("GIF")
    note = b"\x21\xfe" + bytes([len(pictures.SECRET)]) + pictures.SECRET + b"\0"
    at = 13 + (3 << ((data[10] & 7) + 1))
    prepared = image_worker.prepare(data[:at] + note + data[at:], "image/gif", 25)
    assert pictures.SECRET not in prepared.data
    with Image.open(BytesIO(prepared.data)) as image:
        assert getattr(image, "n_frames", 1) == 3
        assert image.info["loop"] == 0
    without_end = image_worker.prepare(data[:-1], "image/gif", 25)
    assert without_end.data == prepared.data
