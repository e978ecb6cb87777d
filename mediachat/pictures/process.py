"""Starts the processes that decode pictures: few at once, one for each person, with limits."""

import json
import subprocess
import sys
from typing import Any

import structlog
from django.conf import settings

from mediachat.pictures.decoder import DECODERS, Picture
from mediachat.turns import Turns

__all__ = ["DECODERS", "Picture", "PictureTooLarge", "UnreadablePicture", "run", "turns"]

AT_ONCE = 2
"""Processes that decode: a picture of the greatest size takes seconds and some hundred MB."""
WAITING = 20
"""Pictures of one person that may wait for their turn: as many as a message can hold."""
MEMORY = 384 * 1024 * 1024
"""Bytes of addresses that a decoder has beside those for the picture; half of it are libraries."""
PER_PIXEL, PER_BYTE = 60, 4
"""Bytes that each pixel and each byte of the largest picture may take besides: most is taken
where a WebP or AVIF has to be turned upright and written anew."""
SECONDS, SECONDS_PER_MEGAPIXEL = 5, 0.6
"""Of work on one picture: 20 for 25 megapixels. The most that an honest one of that size took was
6, for a PNG of noise that had to be turned; a photograph takes one or less."""
PATIENCE = 3
"""How many times as long to wait for a decoder, which has less of the processor's time."""

turns = Turns(AT_ONCE, waiting=WAITING, name="pictures")
"""The one queue for all pictures of this process, whatever they are for."""

log = structlog.get_logger(__name__)


class UnreadablePicture(Exception):
    """It is broken, hostile, or takes more work than any picture should."""


class PictureTooLarge(Exception):
    """It has more than ``MAX_IMAGE_MEGAPIXELS``."""


def run(task: str, data: bytes, content_type: str) -> Picture:
    """Has one of the decoder's ``TASKS`` done; call it in one of the ``turns``.

    Raises:
        PictureTooLarge, UnreadablePicture: there is no such picture.
    """
    megapixels = settings.MAX_IMAGE_MEGAPIXELS
    memory = MEMORY + megapixels * 1_000_000 * PER_PIXEL + len(data) * PER_BYTE
    seconds = round(SECONDS + SECONDS_PER_MEGAPIXEL * megapixels)
    limits = [str(limit) for limit in (megapixels, memory, seconds)]
    try:
        finished = subprocess.run(  # noqa: S603  (nothing of it comes from people)
            [sys.executable, "-m", "mediachat.pictures.decoder", task, content_type, *limits],
            input=data,
            capture_output=True,
            cwd=settings.BASE_DIR,
            env={},
            timeout=seconds * PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadablePicture from error
    line, _, parts = finished.stdout.partition(b"\n")
    if finished.returncode or not line:
        log.warning("decoder_ended", code=finished.returncode, said=finished.stderr[-500:].decode())
        raise UnreadablePicture
    head: dict[str, Any] = json.loads(line)
    match head.get("error"):
        case None:
            size, small = head["sizes"]
            thumbnail = parts[size : size + small] or None
            return Picture(parts[:size], head["width"], head["height"], thumbnail)
        case "too_many_pixels":
            raise PictureTooLarge
    raise UnreadablePicture
