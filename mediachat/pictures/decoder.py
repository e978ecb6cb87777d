"""Makes pictures fit to be stored: ``python -m chat.decoder TYPE MEGAPIXELS MEMORY``.

A process of its own, which ``chat.images`` starts for each picture: a decoder that hostile bytes
have got hold of finds no secret, writes no file, and takes no more memory and time than it is
given. So nothing of Django is imported here, which also starts soon.

The picture comes on standard input. On standard output go a line of JSON and the bytes whose
lengths it tells.
"""

import json
import resource
import signal
import sys
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from chat import metadata

THUMBNAIL_SIDE = 640
"""The longer side of a thumbnail, in pixels, at most."""
ANIMATION_LIMIT = 2 * 1024 * 1024
"""Bytes up to which an animation moves in the conversation, not only when it is opened."""
DECODERS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
SECONDS = 60
"""Of work on one picture."""
_ORIENTATION = 0x0112

# Pillow only warns where _opened refuses.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(slots=True)
class Picture:
    """A picture as it is stored."""

    data: bytes
    width: int
    height: int
    thumbnail: bytes | None
    """A WebP; None where the picture is its own thumbnail, since it moves and is small."""


class TooManyPixels(Exception):
    """More than are allowed."""


def prepare(data: bytes, content_type: str, megapixels: int) -> Picture:
    """Makes a picture fit to be stored.

    Raises:
        TooManyPixels: known before one is decoded.
        Exception: whatever a decoder makes of hostile bytes.
    """
    with _opened(data, content_type, megapixels) as image:
        animated = getattr(image, "is_animated", False)
        turned = image.getexif().get(_ORIENTATION, 1) != 1 and not animated
        if turned or (content_type == "image/avif" and _has_metadata(image) and not animated):
            data = _drawn_again(image)
        else:
            data = metadata.strip(data, content_type)
    # What is stored is what is measured and shown.
    with _opened(data, content_type, megapixels) as image:
        width, height = image.size
        drawn = _thumbnail(image)
    moves_small = animated and len(data) <= ANIMATION_LIMIT
    return Picture(data, width, height, None if moves_small else drawn)


def _opened(data: bytes, content_type: str, megapixels: int) -> Image.Image:
    """The picture, of which only the header has been read so far."""
    image = Image.open(BytesIO(data), formats=[DECODERS[content_type]])
    # A small file can unfold into gigabytes, so this comes before any pixel is decoded.
    if image.width * image.height > megapixels * 1_000_000:
        raise TooManyPixels
    return image


def _has_metadata(image: Image.Image) -> bool:
    return bool(image.getexif()) or bool(image.info.get("xmp"))


def _drawn_again(image: Image.Image) -> bytes:
    """The picture turned upright, of the same kind and quality, with its colours and no more."""
    options: dict[str, Any] = {"icc_profile": image.info.get("icc_profile"), "exif": b""}
    match image.format:
        case "JPEG":
            tables = getattr(image, "quantization", None)
            options |= {"qtables": tables} if tables else {"quality": 92}
            options |= {"optimize": True}
        case "PNG":
            options |= {"compress_level": 1}  # of a large picture the best takes 17 seconds
        case "WEBP":
            options |= {"quality": 90, "method": 2}
        case "AVIF":
            options |= {"quality": 90, "speed": 9}
    upright = ImageOps.exif_transpose(image)
    upright.info = {}
    out = BytesIO()
    upright.save(out, image.format, **options)
    return out.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    side = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    profile = image.info.get("icc_profile")
    # A JPEG can be decoded at a fraction of its size.
    image.draft("RGB", (THUMBNAIL_SIDE * 2, THUMBNAIL_SIDE * 2))
    if image.mode == "CMYK":
        profile = None
    mode = "RGBA" if image.has_transparency_data else "RGB"
    # Made small before it is converted: each of the two copies all of the picture.
    small = image if image.mode in ("RGB", "RGBA", "L", "LA", "CMYK") else image.convert(mode)
    small.thumbnail(side, Image.Resampling.LANCZOS, reducing_gap=2.0)
    small = small.convert(mode)
    small.info = {}
    out = BytesIO()
    small.save(out, "WEBP", quality=80, method=4, icc_profile=profile)
    return out.getvalue()


def _limit(memory: int) -> None:
    """Of this process from now on: its memory in bytes, its seconds of work, and no file."""
    limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: SECONDS, resource.RLIMIT_FSIZE: 0}
    for name, limit in limits.items():
        try:
            resource.setrlimit(name, (limit, limit))
        except (ValueError, OSError):
            pass  # macOS has no limit on memory


def main() -> None:
    # The server may be told to stop; it waits for what has been begun.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    content_type, megapixels, memory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _limit(memory)
    parts: list[bytes] = []
    try:
        picture = prepare(sys.stdin.buffer.read(), content_type, megapixels)
    except (TooManyPixels, Image.DecompressionBombError):
        head: dict[str, Any] = {"error": "too_many_pixels"}
    except Exception as error:
        head = {"error": "unreadable", "why": type(error).__name__}
    else:
        parts = [picture.data, picture.thumbnail or b""]
        head = {"width": picture.width, "height": picture.height, "sizes": [*map(len, parts)]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(parts))


if __name__ == "__main__":
    main()
