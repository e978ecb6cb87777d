"""Finds the blocks of a picture's file without decoding any of it."""

import re
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

JPEG_SCAN, JPEG_END, JPEG_COMMENT = 0xDA, 0xD9, 0xFE
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Neither a stuffed byte, nor padding, nor a marker inside the compressed pixels.
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xff\x01\xd0-\xd8]", re.DOTALL)
_JPEG_PADDING = re.compile(rb"\xff*(?=\xff)")
PADDING_LIMIT = 64 * 1024
"""Bytes between the segments of a JPEG; decoders skip them one by one, and nobody writes them."""
GIF_IMAGE, GIF_EXTENSION, GIF_END = 0x2C, 0x21, 0x3B


class BrokenPicture(Exception):
    """The blocks are inconsistent."""


class CutOff(BrokenPicture):
    """The file ends before the picture does. The rest of the last block was yielded before this."""


class TooComplex(Exception):
    """It would take much more work to show than its size and its pixels suggest."""


class Block(NamedTuple):
    """One block: its kind, where it begins and ends, and where its content begins.

    The content of a JPEG's scan and of a GIF's image includes the compressed pixels.
    """

    kind: Any
    """A JPEG's marker and a GIF's separator as a number, the others' names as four bytes."""
    start: int
    content: int
    end: int
    is_whole: bool = True
    """False where the file ends within it."""


def blocks(data: bytes, content_type: str) -> Iterator[Block]:
    """Yields the blocks from the first to the one that ends the picture. None for another format.

    Raises:
        CutOff: while iterating, if the file ends too early.
        BrokenPicture: something other than a block is where the next one should be.
        TooComplex: too much lies between two of them.
    """
    walk = {
        "image/jpeg": _jpeg,
        "image/png": _png,
        "image/webp": _webp,
        "image/gif": _gif,
    }.get(content_type)
    try:
        yield from walk(data) if walk else ()
    except (struct.error, IndexError) as error:
        raise CutOff from error


def _png(data: bytes) -> Iterator[Block]:
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            yield Block(kind, at, at + 8, len(data), is_whole=False)
            raise CutOff
        yield Block(kind, at, at + 8, end)
        at = end
        if kind == b"IEND":
            return  # the rest is no part of the picture


def _webp(data: bytes) -> Iterator[Block]:
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    at = 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        next_at = at + 8 + length + length % 2
        if at + 8 + length > len(data):
            yield Block(kind, at, at + 8, len(data), is_whole=False)
            raise CutOff
        yield Block(kind, at, at + 8, next_at)
        at = next_at


def _jpeg(data: bytes) -> Iterator[Block]:
    at = 2
    skipped = 0
    while True:
        padding = _JPEG_PADDING.match(data, at)
        if padding is None:
            raise BrokenPicture if at < len(data) else CutOff
        skipped += padding.end() - at
        if skipped > PADDING_LIMIT:
            raise TooComplex
        at = padding.end()
        marker = data[at + 1]
        if marker == JPEG_END:
            yield Block(marker, at, at + 2, at + 2)
            return  # a second picture may follow, with metadata of its own
        if marker in _JPEG_ALONE:
            yield Block(marker, at, at + 2, at + 2)
            at += 2
            continue
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if end > len(data):
            raise CutOff
        if marker == JPEG_SCAN:
            following = _JPEG_NEXT.search(data, end)
            if following is None:
                yield Block(marker, at, at + 4, len(data), is_whole=False)
                raise CutOff
            end = following.start()
        yield Block(marker, at, at + 4, end)
        at = end


def _gif(data: bytes) -> Iterator[Block]:
    at = 13 + _gif_colours(data[10])
    while True:
        kind = data[at]
        if kind == GIF_END:
            yield Block(kind, at, at + 1, at + 1)
            return
        if kind == GIF_EXTENSION:
            content = at + 1
            end = at + 2
        elif kind == GIF_IMAGE:
            content = at + 1
            end = at + 11 + _gif_colours(data[at + 9])
        else:
            raise BrokenPicture
        try:
            while length := data[end]:
                end += 1 + length
        except IndexError as error:
            yield Block(kind, at, content, len(data), is_whole=False)
            raise CutOff from error
        end += 1
        yield Block(kind, at, content, end)
        at = end


def _gif_colours(flags: int) -> int:
    """Returns the size in bytes of the colour table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
