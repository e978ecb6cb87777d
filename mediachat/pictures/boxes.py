"""Overwrites the metadata of a HEIC or AVIF without decoding any of it.

Such a file is a tree of boxes (ISO/IEC 14496-12). Its items, among them pictures and metadata, are
listed in one place and stored in another, at offsets that the file contains: so metadata is
overwritten in place, and nothing moves.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mediachat.pictures.blocks import BrokenPicture, TooComplex

TYPES = frozenset({"image/avif", "image/heic", "image/heif"})
"""Media types of pictures that are made of boxes."""
BOXES = 10_000
"""Boxes and items of a file that are looked at."""
_NOTES = frozenset({b"Exif", b"mime", b"uri "})
"""Types of items that are no part of what is shown: XMP is a ``mime``."""
_FOLDERS = frozenset({b"moov", b"trak"})
_NO_EXIF = b"\0\0\0\0MM\0*\0\0\0\x08" + bytes(6)
"""An item that readers take for notes in which nothing is written."""


class _Box(NamedTuple):
    kind: bytes
    start: int
    """Where its content begins."""
    end: int


def without_metadata(data: bytes) -> bytes:
    """Returns the same file, of the same length, with empty metadata.

    Raises:
        BrokenPicture: its metadata cannot be located.
        TooComplex: it has more boxes and items than any camera writes.
    """
    out = bytearray(data)
    try:
        found = _pieces(data)
    except (struct.error, IndexError, ValueError) as error:
        raise BrokenPicture from error
    for start, end, kind in found:
        size = max(0, min(end, len(data)) - start)
        beginning = _NO_EXIF if kind == b"Exif" and size >= len(_NO_EXIF) else b""
        out[start : start + size] = beginning + bytes(size - len(beginning))
    return bytes(out)


def _pieces(data: bytes) -> list[tuple[int, int, bytes]]:
    """Yields where each piece of the metadata begins and ends, and its type."""
    found = []
    has_items = False
    left = BOXES
    for box in _boxes(data, 0, len(data)):
        left -= 1
        if box.kind == b"uuid":
            found.append((box.start + 16, box.end, box.kind))
        for meta in _metas(data, box):
            has_items = True
            pieces = list(_pieces_of_notes(data, meta, left))
            left -= len(pieces)
            found += pieces
        if left < 0:
            raise TooComplex
    if not has_items:
        raise BrokenPicture
    return found


def _metas(data: bytes, box: _Box) -> Iterator[_Box]:
    """Yields the boxes that describe items: the file's own, and those of an animation's tracks."""
    if box.kind == b"meta":
        yield box
    elif box.kind in _FOLDERS:
        for inner in _boxes(data, box.start, box.end):
            yield from _metas(data, inner)


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    for _ in range(BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, content)
            content += 8
        stop = min(end, start + size) if size else end
        if stop < content:
            raise BrokenPicture
        yield _Box(kind, content, stop)
        start = stop
    raise TooComplex


def _pieces_of_notes(data: bytes, meta: _Box, most: int) -> Iterator[tuple[int, int, bytes]]:
    inner = {box.kind: box for box in _boxes(data, meta.start + 4, meta.end)}
    if b"iinf" not in inner or b"iloc" not in inner:
        return
    notes = dict(_notes(data, inner[b"iinf"]))
    places = _places(data, inner[b"iloc"], inner.get(b"idat"))
    for count, (item, start, end) in enumerate(places):
        if count > most:
            raise TooComplex
        if item in notes:
            yield start, end, notes[item]


def _notes(data: bytes, iinf: _Box) -> Iterator[tuple[int, bytes]]:
    """Returns the ids and types of the items that are metadata."""
    counts = 2 if data[iinf.start] == 0 else 4
    for box in _boxes(data, iinf.start + 4 + counts, iinf.end):
        version = data[box.start]
        if box.kind != b"infe" or version < 2:
            continue
        id_format = ">H" if version == 2 else ">I"
        (item,) = struct.unpack_from(id_format, data, box.start + 4)
        at = box.start + 4 + struct.calcsize(id_format) + 2
        kind = data[at : at + 4]
        if kind in _NOTES:
            yield item, kind


def _places(data: bytes, iloc: _Box, idat: _Box | None) -> Iterator[tuple[int, int, int]]:
    """Yields each piece of each item: the item's id, and where the piece begins and ends."""
    version = data[iloc.start]
    sizes = struct.unpack_from(">BB", data, iloc.start + 4)
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version in (1, 2) else 0
    id_size = 4 if version == 2 else 2
    at = iloc.start + 6

    def number(size: int) -> int:
        nonlocal at
        if at + size > iloc.end:
            raise BrokenPicture
        at += size
        return int.from_bytes(data[at - size : at])

    for _ in range(number(id_size)):
        item = number(id_size)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)  # in another file
        base = number(base_size)
        for _ in range(number(2)):
            number(index_size)
            offset, length = number(offset_size), number(length_size)
            start = base + offset
            if method == 1 and idat:
                start += idat.start
            elif method:
                continue  # made of other items
            yield item, start, start + length if length else len(data)
