"""Takes out of a picture what the camera and the editor wrote into it: place, time, owner.

The pixels are left as they are, byte for byte: a picture is a list of blocks, and only the
blocks that are needed to show it are kept. Decoding and encoding again would cost quality and,
for a large or animated picture, seconds.
"""

import struct
from collections.abc import Iterator

_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs acTL fcTL fdAT".split()
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP"})
_WEBP_HAS_EXIF, _WEBP_HAS_XMP = 0x08, 0x04
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


class BrokenPicture(Exception):
    """The blocks do not add up."""


def strip(data: bytes, content_type: str) -> bytes:
    """The picture without metadata; a format that is not known here comes back as it is.

    Raises:
        BrokenPicture: it cannot be followed to its end.
    """
    try:
        match content_type:
            case "image/jpeg":
                return b"".join(_jpeg(data))
            case "image/png":
                return b"".join(_png(data))
            case "image/webp":
                return _webp(data)
    except (struct.error, IndexError) as error:
        raise BrokenPicture from error
    return data


def _png(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise BrokenPicture
        if kind in _PNG_KEPT:
            yield data[at:end]
        at = end
        if kind == b"IEND":
            return  # what follows is no part of the picture


def _webp(data: bytes) -> bytes:
    blocks = []
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    at = 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        next_at = at + 8 + length + length % 2
        if at + 8 + length > len(data):
            raise BrokenPicture
        block = bytearray(data[at:next_at])
        if kind == b"VP8X":
            block[8] &= ~(_WEBP_HAS_EXIF | _WEBP_HAS_XMP)
        if kind in _WEBP_KEPT:
            blocks.append(bytes(block))
        at = next_at
    body = b"WEBP" + b"".join(blocks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1  # padding
        if data[at] != 0xFF:
            raise BrokenPicture
        marker = data[at + 1]
        if marker == _JPEG_END:
            yield data[at : at + 2]
            return  # a second picture may follow, with metadata of its own
        if marker in _JPEG_ALONE:
            yield data[at : at + 2]
            at += 2
            continue
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if end > len(data):
            raise BrokenPicture
        if _is_needed(marker, data[at + 4 : end]):
            yield data[at:end]
        at = end
        if marker == _JPEG_SCAN:
            end = _end_of_scan(data, at)
            yield data[at:end]
            at = end


def _is_needed(marker: int, content: bytes) -> bool:
    """Whether a segment is needed to show the picture."""
    if 0xE0 <= marker <= 0xEF:
        kept = (b"JFIF\0", b"ICC_PROFILE\0", b"Adobe")
        return content.startswith(kept)
    return marker != 0xFE  # a comment


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker stands that does not belong to the compressed pixels."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise BrokenPicture
        following = data[at + 1]
        if following == 0xFF:
            at += 1
        elif following == 0 or following in _JPEG_ALONE:
            at += 2
        else:
            return at
