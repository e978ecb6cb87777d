"""Limits the complexity of a picture by counting its blocks, before any of it is decoded.

The number of pixels is a poor measure of the work: a JPEG of 182 KB can update all of them some
thousand times. Each bound is far beyond what programs that make pictures write.
"""

from mediachat.pictures.blocks import (
    GIF_IMAGE,
    JPEG_SCAN,
    Block,
    BrokenPicture,
    TooComplex,
    blocks,
)

SCANS = 40
"""Of a JPEG. Progressive ones have about 10, the most elaborate in four colours about 30; each
costs a pass over the whole picture."""
BLOCKS = 100_000
"""Of any picture: a PNG of 100 MB in pieces of 4 KB has 25,000."""
FRAMES = 10_000
"""Of an animation: five minutes at 30 a second."""
ANIMATION_PIXELS = 5_000_000_000
"""Of all frames together: 2,400 of 1920 by 1080. A browser that shows it decodes each of them."""
EXIF_LIMIT = 256 * 1024
"""Bytes of a camera's notes. In a JPEG they have 64 KB, and a table in them can name each of its
bytes many thousand times."""


def check_blocks(data: bytes, content_type: str) -> int:
    """Refuses a picture with too many or too costly blocks, and counts its frames.

    Raises:
        TooComplex: a bound is exceeded.
        BrokenPicture: it is a JPEG without pixels.
    """
    count = scans = frames = exif = 0
    try:
        for block in blocks(data, content_type):
            count += 1
            scans += content_type == "image/jpeg" and block.kind == JPEG_SCAN
            frames += _is_frame(block, content_type)
            exif += _exif_size(data, block, content_type)
            if count > BLOCKS or scans > SCANS or exif > EXIF_LIMIT:
                raise TooComplex
    except BrokenPicture:
        # A decoder may still accept it, but would search for a JPEG's pixels byte by byte.
        if content_type == "image/jpeg" and not scans:
            raise
    return frames


def check_frames(frames: int, width: int, height: int) -> None:
    """Refuses an animation that would be too costly for viewers.

    Raises:
        TooComplex: a bound is exceeded.
    """
    if frames > FRAMES or (frames > 1 and frames * width * height > ANIMATION_PIXELS):
        raise TooComplex


def _is_frame(block: Block, content_type: str) -> bool:
    match content_type:
        case "image/gif":
            return block.kind == GIF_IMAGE
        case "image/webp":
            return block.kind == b"ANMF"
        case "image/png":
            return block.kind == b"fcTL"
    return False


def _exif_size(data: bytes, block: Block, content_type: str) -> int:
    match content_type:
        case "image/jpeg":
            is_exif = data.startswith(b"Exif\0", block.content, block.end)
            return (block.end - block.content) * (is_exif and 0xE0 < block.kind <= 0xEF)
        case "image/webp" | "image/png":
            return (block.end - block.content) * (block.kind in (b"EXIF", b"eXIf"))
    return 0
