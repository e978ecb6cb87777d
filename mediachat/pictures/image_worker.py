"""Prepares pictures for storage, in a separate process for each.

Run as ``python -m mediachat.pictures.image_worker TASK TYPE MEGAPIXELS MEMORY SECONDS NICE``, which
``mediachat.pictures.process`` starts: a decoder that hostile input has taken over finds no secret,
writes no file, and is limited in memory and time. It imports nothing of Django, which also makes it
start fast.

The picture comes on standard input. Standard output gets a line of JSON with lengths, and the bytes
themselves.
"""

import json
import math
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import AvifImagePlugin, Image, ImageFile, ImageOps

from mediachat.pictures import bounds, metadata
from mediachat.pictures.blocks import TooComplex

THUMBNAIL_SIDE = 640
"""The longer side of a thumbnail, in pixels, at most."""
AVATAR_SIDE = 256
"""Pixels along each side of a person's picture."""
ANIMATION_LIMIT = 2 * 1024 * 1024
"""Bytes up to which an animation moves in the conversation, not only when it is opened."""
ANIMATION_CANVAS = 4_000_000
"""Pixels of each frame up to which it does: everyone's browser draws them again and again."""
PROFILE_LIMIT = 128 * 1024
"""Bytes of a colour profile that a thumbnail takes over: one for a printer has megabytes, and
would be sent with each thumbnail."""
DECODERS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
ANIMATED = frozenset({"image/gif", "image/png", "image/webp", "image/avif"})
"""The types whose further pictures are frames."""
_ORIENTATION = 0x0112
_COLOURS = ("icc_profile", "transparency")

# One core: the other is for fast pictures.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# _opened checks this itself.
Image.MAX_IMAGE_PIXELS = None
# Browsers show the available part of a truncated picture.
ImageFile.LOAD_TRUNCATED_IMAGES = True


@dataclass(slots=True)
class Picture:
    """A picture as it is stored."""

    data: bytes
    width: int | None
    height: int | None
    """In pixels; None where it cannot be shown."""
    thumbnail: bytes | None
    """A WebP; None where the picture is its own thumbnail, since it moves and is small, and where
    it cannot be shown."""


class TooManyPixels(Exception):
    """It has more pixels than are allowed."""


def prepare(data: bytes, content_type: str, megapixels: int) -> Picture:
    """Makes a picture fit for storage.

    Raises:
        TooManyPixels: detected before one is decoded.
        Exception: any error that a decoder raises for hostile input.
    """
    with _opened(data, content_type, megapixels) as image:
        animated = _is_animated(image, content_type)
        orientation = _orientation(image)
        drawn_again = orientation != 1 or (content_type == "image/avif" and _has_metadata(image))
        if drawn_again and not animated:
            return _drawn_again(image, content_type)
    # Every frame of an animation would have to be encoded again.
    data = metadata.strip(data, content_type, orientation=orientation)
    # The stored picture is the one that is measured and shown.
    with _opened(data, content_type, megapixels) as image:
        width, height = image.size
        thumbnail = _thumbnail(image)
    moves = animated and len(data) <= ANIMATION_LIMIT and width * height <= ANIMATION_CANVAS
    return Picture(data, width, height, None if moves else thumbnail)


def strip(data: bytes, content_type: str, megapixels: int) -> Picture:
    """Removes the metadata of a picture that cannot be shown, and keeps its orientation.

    Raises:
        BrokenPicture, TooComplex: its metadata cannot be located.
    """
    orientation = 1
    # Its header may be broken, or too large.
    with suppress(Exception):
        bounds.check_blocks(data, content_type)
        with Image.open(BytesIO(data), formats=[DECODERS[content_type]]) as image:
            orientation = _orientation(image)
    data = metadata.strip(data, content_type, orientation=orientation, cut=False)
    return Picture(data, None, None, None)


def draw_avatar(data: bytes, content_type: str, megapixels: int) -> Picture:
    """Returns a WebP square of the picture's first frame, upright, without any other data of it.

    Raises:
        TooManyPixels: detected before one is decoded.
        Exception: any error that a decoder raises for hostile input.
    """
    with _opened(data, content_type, megapixels) as image:
        # So that the shorter side, which is shown in full, has twice the required size.
        small = _shrunk(image, AVATAR_SIDE * 2 * max(image.size) // min(image.size))
        upright = ImageOps.exif_transpose(small).convert("RGBA")
    square = ImageOps.fit(upright, (AVATAR_SIDE, AVATAR_SIDE))
    square.info = {}
    out = BytesIO()
    square.save(out, "WEBP", quality=85)
    return Picture(out.getvalue(), AVATAR_SIDE, AVATAR_SIDE, None)


def _opened(data: bytes, content_type: str, megapixels: int) -> Image.Image:
    """Opens the picture, reading only its header."""
    frames = bounds.check_blocks(data, content_type)
    image = Image.open(BytesIO(data), formats=[DECODERS[content_type]])
    # A small file can unfold into gigabytes, so this comes before any pixel is decoded.
    if image.width * image.height > megapixels * 1_000_000:
        raise TooManyPixels
    if content_type == "image/avif":
        frames = getattr(image, "n_frames", 1)
    bounds.check_frames(frames, image.width, image.height)
    return image


def _is_animated(image: Image.Image, content_type: str) -> bool:
    """Returns whether it is animated. Having several pictures does not mean that: a camera's JPEG
    (MPO) contains other views after the first, and shows the first.
    """
    return content_type in ANIMATED and getattr(image, "is_animated", False)


def _orientation(image: Image.Image) -> int:
    """Returns the Exif orientation, 1 to 8; 1 also if it is invalid."""
    said = image.getexif().get(_ORIENTATION, 1)
    return said if said in range(1, 9) else 1


def _has_metadata(image: Image.Image) -> bool:
    return bool(image.getexif()) or bool(image.info.get("xmp"))


def _drawn_again(image: Image.Image, content_type: str) -> Picture:
    """Returns the picture upright, in the same format and quality, with its colour profile only."""
    options: dict[str, Any] = {"exif": b""}
    format = DECODERS[content_type]
    match format:
        case "JPEG":
            tables = getattr(image, "quantization", None)
            options |= {"qtables": tables} if tables else {"quality": 92}
            options |= {"optimize": True}
        case "PNG":
            options |= {"compress_level": 1}  # for a large picture the best takes 17 seconds
        case "WEBP":
            options |= {"quality": 90, "method": 2}
        case "AVIF":
            options |= {"quality": 90, "speed": 9, "max_threads": 1}
    ImageOps.exif_transpose(image, in_place=True)  # a copy would take 100 MB more
    image.info = {name: image.info[name] for name in _COLOURS if name in image.info}
    out = BytesIO()
    image.save(out, format, **options)
    width, height = image.size
    # Not from the encoded file: decoding that again takes up to a quarter of all the work.
    return Picture(out.getvalue(), width, height, _thumbnail(image))


def _thumbnail(image: Image.Image) -> bytes:
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK" or len(profile or b"") > PROFILE_LIMIT:
        profile = None
    mode = "RGBA" if image.has_transparency_data else "RGB"
    small = _shrunk(image, THUMBNAIL_SIDE).convert(mode)
    small.info = {}
    out = BytesIO()
    small.save(out, "WEBP", quality=80, method=4, icc_profile=profile)
    return out.getvalue()


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    """Decodes the picture here, scaled to at most so many pixels on its longer side."""
    # A JPEG can be decoded at a fraction of its size.
    image.draft("RGB", (side * 2, side * 2))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    # Scale before converting: each of the two copies the whole picture.
    small = image if image.mode in ("RGB", "RGBA", "L", "LA", "CMYK") else image.convert(mode)
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small


TASKS = {"prepare": prepare, "strip": strip, "draw_avatar": draw_avatar}


def _limit(memory: int, seconds: float, nice: int) -> None:
    """Limits this process's memory in bytes, CPU seconds, priority, and written files (none)."""
    os.nice(nice)
    # Its signal ends the process. The limit below is in whole seconds, and final.
    signal.setitimer(signal.ITIMER_PROF, seconds)
    whole = math.ceil(seconds)
    limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: whole, resource.RLIMIT_FSIZE: 0}
    for name, limit in limits.items():
        try:
            resource.setrlimit(name, (limit, limit))
        except (ValueError, OSError):
            pass  # macOS has no memory limit


def main() -> None:
    # The server may be stopped; it waits for work in progress.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task, content_type, megapixels, memory, seconds, nice = sys.argv[1:]
    _limit(int(memory), float(seconds), int(nice))
    parts: list[bytes] = []
    try:
        picture = TASKS[task](sys.stdin.buffer.read(), content_type, int(megapixels))
    except TooManyPixels:
        head: dict[str, Any] = {"error": "too_many_pixels"}
    except TooComplex:
        head = {"error": "too_complex"}
    except MemoryError:
        head = {"error": "out_of_memory"}
    except Exception as error:
        head = {"error": "unreadable", "why": type(error).__name__}
    else:
        parts = [picture.data, picture.thumbnail or b""]
        head = {"width": picture.width, "height": picture.height, "sizes": [*map(len, parts)]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(parts))


if __name__ == "__main__":
    main()
