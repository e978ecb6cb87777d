"""Estimates from a picture's first bytes what it will cost to decode.

The server itself reads them, so it only takes a few numbers at known positions and decodes nothing.
They may be false: see ``mediachat.pictures.lanes``.
"""

import re
import struct
from itertools import islice
from typing import NamedTuple

from mediachat.pictures.blocks import BrokenPicture, TooComplex, blocks

HEAD = 256 * 1024
"""Bytes in which a picture's size has to be found: before it a JPEG has notes and a profile."""
_SEGMENTS = 1_000
"""Segments of a JPEG that are looked at for its size."""
_JPEG_BASELINE, _JPEG_PROGRESSIVE = frozenset({0xC0, 0xC1}), 0xC2
_AVIF_EXTENT = re.compile(rb"ispe\0\0\0\0(.{8})", re.DOTALL)

START = 0.08
"""Seconds of work in which a decoder starts."""


class Price(NamedTuple):
    """Seconds of work for a million pixels, and for a million bytes."""

    megapixel: float
    megabyte: float


PRICES = {
    "image/jpeg": Price(0.03, 0.015),
    "image/png": Price(0.03, 0.025),
    "image/gif": Price(0.03, 0.02),
    "image/webp": Price(0.05, 0.03),
    "image/avif": Price(0.05, 0.05),
    "image/heic": Price(0, 0.01),
    "image/heif": Price(0, 0.01),
}
"""As measured on photographs and on noise, on a server of 2024; of a JPEG upright or not, of the
others as they lie. Those that are not decoded are only read."""
PROGRESSIVE = Price(0.045, 0.04)
"""A JPEG that comes in several passes, each over all of it."""


def cost(head: bytes, content_type: str, size: int) -> float | None:
    """Returns the estimated seconds of work for a picture of so many bytes, from its ``HEAD``
    bytes.

    Returns None if they do not contain the number of pixels.
    """
    price = PRICES[content_type]
    try:
        if content_type == "image/jpeg":
            pixels, is_progressive = _jpeg(head)
            price = PROGRESSIVE if is_progressive else price
        else:
            pixels = _PIXELS[content_type](head)
    except (struct.error, IndexError, BrokenPicture, TooComplex, LookupError):
        return None
    return START + (pixels * price.megapixel + size * price.megabyte) / 1_000_000


def _jpeg(head: bytes) -> tuple[int, bool]:
    for block in islice(blocks(head, "image/jpeg"), _SEGMENTS):
        if block.kind in _JPEG_BASELINE or block.kind == _JPEG_PROGRESSIVE:
            height, width = struct.unpack_from(">HH", head, block.content + 1)
            return width * height, block.kind == _JPEG_PROGRESSIVE
    raise LookupError


def _png(head: bytes) -> int:
    width, height = struct.unpack_from(">II", head, 16)
    return int(width * height)


def _gif(head: bytes) -> int:
    width, height = struct.unpack_from("<HH", head, 6)
    return int(width * height)


def _webp(head: bytes) -> int:
    match head[12:16]:
        case b"VP8X":
            width = int.from_bytes(head[24:27], "little") + 1
            height = int.from_bytes(head[27:30], "little") + 1
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 21)
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", head, 26))
        case _:
            raise LookupError
    return width * height


def _avif(head: bytes) -> int:
    """Returns the size of the largest picture in it: small ones may be tiles, or transparency."""
    extents = [struct.unpack(">II", found[1]) for found in _AVIF_EXTENT.finditer(head)]
    if not extents:
        raise LookupError
    return max(width * height for width, height in extents)


def _none(head: bytes) -> int:
    return 0


_PIXELS = {
    "image/png": _png,
    "image/gif": _gif,
    "image/webp": _webp,
    "image/avif": _avif,
    "image/heic": _none,
    "image/heif": _none,
}
