"""Pictures that people upload: bounded, without metadata, upright, with a thumbnail.

The work is done by ``chat.decoder`` in a process of its own for each picture.
"""

import json
import subprocess
import sys
from typing import Any

import structlog
from django.conf import settings

from chat.decoder import DECODERS, Picture
from chat.protocol import ChatError, ErrorCode

__all__ = ["DECODERS", "Picture", "prepare"]

MEMORY = 384 * 1024 * 1024
"""Bytes of addresses that a decoder has beside those for the picture; half of it are libraries."""
PER_PIXEL, PER_BYTE = 60, 4
"""Bytes that each pixel and each byte of the largest picture may take besides: most is taken
where a WebP or AVIF has to be turned upright and written anew."""
PATIENCE = 120.0
"""Seconds to wait for a decoder, which has less of the processor's time."""

log = structlog.get_logger(__name__)


def prepare(data: bytes, content_type: str) -> Picture:
    """Makes a picture fit to be stored.

    Raises:
        ChatError: ``too_large`` (too many pixels), ``unsupported_media`` (it cannot be read).
    """
    megapixels = settings.MAX_IMAGE_MEGAPIXELS
    memory = MEMORY + megapixels * 1_000_000 * PER_PIXEL + len(data) * PER_BYTE
    command = [sys.executable, "-m", "chat.decoder", content_type, str(megapixels), str(memory)]
    try:
        finished = subprocess.run(  # noqa: S603  (nothing of it comes from people)
            command,
            input=data,
            capture_output=True,
            cwd=settings.BASE_DIR,
            env={},
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _unreadable() from error
    line, _, parts = finished.stdout.partition(b"\n")
    if finished.returncode or not line:
        log.warning("decoder_ended", code=finished.returncode, said=finished.stderr[-500:].decode())
        raise _unreadable()
    head: dict[str, Any] = json.loads(line)
    match head.get("error"):
        case None:
            size, small = head["sizes"]
            thumbnail = parts[size : size + small] or None
            return Picture(parts[:size], head["width"], head["height"], thumbnail)
        case "too_many_pixels":
            raise ChatError(
                ErrorCode.TOO_LARGE,
                f"This picture has more than {megapixels} megapixels. "
                "Make it smaller, or send it in an archive.",
            )
    raise _unreadable()


def _unreadable() -> ChatError:
    return ChatError(
        ErrorCode.UNSUPPORTED_MEDIA,
        "This picture cannot be read. Save it again as PNG or JPEG and retry.",
    )
