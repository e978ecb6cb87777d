"""Removes metadata from a picture: place, time, owner and what editors add.

The pixels stay unchanged, byte for byte: a picture is a list of blocks, and only the blocks that
are needed to show it are kept. Decoding and encoding again would cost quality and, for a large or
animated picture, seconds.
"""

import struct
import zlib

from mediachat.pictures import boxes
from mediachat.pictures.blocks import (
    GIF_END,
    GIF_EXTENSION,
    GIF_IMAGE,
    JPEG_COMMENT,
    JPEG_END,
    JPEG_SCAN,
    Block,
    BrokenPicture,
    CutOff,
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
_PIXELS = {
    "image/jpeg": frozenset({JPEG_SCAN}),
    "image/png": frozenset({b"IDAT", b"fdAT"}),
    "image/webp": frozenset({b"VP8 ", b"VP8L", b"ANMF"}),
    "image/gif": frozenset({GIF_IMAGE}),
}
"""The blocks that have pixels: of them a piece is worth something, too."""
_UPRIGHT = 1
_ORIENTATION = 0x0112


def strip(
    data: bytes, content_type: str, *, orientation: int = _UPRIGHT, cut: bool = True
) -> bytes:
    """Returns the picture without metadata, but with its ``orientation`` (1 to 8, as in Exif).

    A truncated picture is returned as far as it goes: browsers show the available part. If
    something other than a block is in its middle, it is ``cut`` there.

    Raises:
        BrokenPicture: it cannot be parsed, has no pixels, or its format is unknown.
    """
    if content_type in boxes.TYPES:
        return boxes.without_metadata(data)
    if content_type not in _PIXELS:
        raise BrokenPicture
    found: list[Block] = []
    broken = None
    try:
        # Not a comprehension, which would keep none of the blocks before the break.
        found.extend(blocks(data, content_type))
    except BrokenPicture as error:
        broken = error
    if not any(block.kind in _PIXELS[content_type] for block in found):
        raise broken or BrokenPicture
    if broken and not (cut or isinstance(broken, CutOff)):
        raise broken
    if not found[-1].is_whole and found[-1].kind not in _PIXELS[content_type]:
        found.pop()
    match content_type:
        case "image/jpeg":
            return _jpeg(data, found, orientation)
        case "image/png":
            return _png(data, found, orientation)
        case "image/webp":
            return _webp(data, found, orientation)
    return _gif(data, found)


def _jpeg(data: bytes, found: list[Block], orientation: int) -> bytes:
    kept = [data[block.start : block.end] for block in found if _is_needed_in_jpeg(data, block)]
    exif = _exif(orientation)
    if exif:
        note = b"Exif\0\0" + exif
        kept.insert(0, b"\xff\xe1" + struct.pack(">H", 2 + len(note)) + note)
    end = bytes([0xFF, JPEG_END]) if found[-1].kind != JPEG_END else b""
    return data[:2] + b"".join(kept) + end


def _is_needed_in_jpeg(data: bytes, block: Block) -> bool:
    if 0xE0 <= int(block.kind) <= 0xEF:
        return data.startswith(_JPEG_KEPT, block.content, block.end)
    return block.kind != JPEG_COMMENT


def _png(data: bytes, found: list[Block], orientation: int) -> bytes:
    kept = [data[block.start : block.end] for block in found if block.kind in _PNG_KEPT]
    exif = _exif(orientation)
    if exif:
        checked = b"eXIf" + exif
        chunk = struct.pack(">I", len(exif)) + checked + struct.pack(">I", zlib.crc32(checked))
        kept.insert(1, chunk)  # after the header
    return data[:8] + b"".join(kept)


def _webp(data: bytes, found: list[Block], orientation: int) -> bytes:
    kept = []
    exif = _exif(orientation)
    for block in found:
        content = bytearray(data[block.start : block.end])
        if block.kind == b"VP8X":
            content[8] &= ~(_WEBP_HAS_EXIF | _WEBP_HAS_XMP)
            content[8] |= _WEBP_HAS_EXIF if exif else 0
        if block.kind in _WEBP_KEPT:
            kept.append(bytes(content))
    if exif and found[0].kind == b"VP8X":
        kept.append(b"EXIF" + struct.pack("<I", len(exif)) + exif)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _gif(data: bytes, found: list[Block]) -> bytes:
    kept = [
        data[block.start : block.end]
        for block in found
        if block.kind != GIF_EXTENSION or data.startswith(_GIF_KEPT, block.content)
    ]
    # After a part of a frame, its end would be read as more of the frame.
    ends = found[-1].kind == GIF_END or not found[-1].is_whole
    end = b"" if ends else bytes([GIF_END])
    return data[: found[0].start] + b"".join(kept) + end


def _exif(orientation: int) -> bytes:
    """Returns Exif data with the orientation only; none if the picture is upright."""
    if orientation == _UPRIGHT:
        return b""
    entry = struct.pack("<HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
