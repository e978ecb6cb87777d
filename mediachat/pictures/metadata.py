"""Takes out of a picture what the camera and the editor wrote into it: place, time, owner.

The pixels are left as they are, byte for byte: a picture is a list of blocks, and only the
blocks that are needed to show it are kept. Decoding and encoding again would cost quality and,
for a large or animated picture, seconds.
"""

import struct
from collections.abc import Callable

from mediachat.pictures.blocks import (
    GIF_END,
    GIF_EXTENSION,
    JPEG_COMMENT,
    Block,
    BrokenPicture,
    blocks,
)

_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs acTL fcTL fdAT".split()
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP"})
_WEBP_HAS_EXIF, _WEBP_HAS_XMP = 0x08, 0x04
_JPEG_KEPT = (b"JFIF\0", b"ICC_PROFILE\0", b"Adobe")
_GIF_KEPT = (b"\xf9", b"\xff\x0bNETSCAPE2.0", b"\xff\x0bANIMEXTS1.0")
"""When a frame is shown and how often all are; not comments, nor what other programs put in."""


def strip(data: bytes, content_type: str) -> bytes:
    """The picture without metadata; a format that is not known here comes back as it is.

    Raises:
        BrokenPicture: it cannot be followed to its end.
    """
    match content_type:
        case "image/jpeg":
            return data[:2] + _kept(data, content_type, _is_needed_in_jpeg)
        case "image/png":
            return data[:8] + _kept(data, content_type, _is_needed_in_png)
        case "image/webp":
            return _webp(data)
        case "image/gif":
            return _gif(data)
    return data


def _kept(data: bytes, content_type: str, is_needed: Callable[[bytes, Block], bool]) -> bytes:
    return b"".join(
        data[block.start : block.end]
        for block in blocks(data, content_type)
        if is_needed(data, block)
    )


def _is_needed_in_png(data: bytes, block: Block) -> bool:
    return block.kind in _PNG_KEPT


def _is_needed_in_jpeg(data: bytes, block: Block) -> bool:
    if 0xE0 <= int(block.kind) <= 0xEF:
        return data.startswith(_JPEG_KEPT, block.content, block.end)
    return block.kind != JPEG_COMMENT


def _webp(data: bytes) -> bytes:
    kept = []
    for block in blocks(data, "image/webp"):
        content = bytearray(data[block.start : block.end])
        if block.kind == b"VP8X":
            content[8] &= ~(_WEBP_HAS_EXIF | _WEBP_HAS_XMP)
        if block.kind in _WEBP_KEPT:
            kept.append(bytes(content))
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _gif(data: bytes) -> bytes:
    """Up to the last whole block: browsers show a GIF that lacks its end, and so do we."""
    kept: list[bytes] = []
    start = None
    try:
        for block in blocks(data, "image/gif"):
            start = block.start if start is None else start
            if block.kind != GIF_EXTENSION or data.startswith(_GIF_KEPT, block.content):
                kept.append(data[block.start : block.end])
    except BrokenPicture:
        if start is None:
            raise
        kept.append(bytes([GIF_END]))
    return data[:start] + b"".join(kept)
