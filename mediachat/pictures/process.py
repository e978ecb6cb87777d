"""Starts the processes that decode pictures, with the limits of their lane."""

import json
import subprocess
import sys
from typing import Any

import structlog
from django.conf import settings

from mediachat.pictures.image_worker import DECODERS, Picture
from mediachat.pictures.lanes import Lane

__all__ = ["DECODERS", "Picture", "PictureTooLarge", "TooSlow", "UnreadablePicture", "run"]

MEMORY = 384 * 1024 * 1024
"""Bytes of addresses that a decoder has beside those for the picture; half of it are libraries."""
PER_BYTE = 4
"""Bytes that each byte of the picture's file may take besides."""

logger = structlog.get_logger(__name__)


class UnreadablePicture(Exception):
    """It is broken, hostile, or takes more work than any picture should."""


class PictureTooLarge(Exception):
    """It has more than ``MAX_IMAGE_MEGAPIXELS``."""


class TooSlow(Exception):
    """It takes more time than this lane allows; the next lane should try it."""


def run(task: str, data: bytes, content_type: str, lane: Lane) -> Picture:
    """Runs one of the worker's ``TASKS``; call it in one of the lane's turns.

    Raises:
        PictureTooLarge, UnreadablePicture: the picture cannot be used.
        TooSlow: in each lane but the last.
    """
    memory = MEMORY + lane.megapixels * 1_000_000 * lane.bytes_per_pixel + len(data) * PER_BYTE
    limits = [str(limit) for limit in (lane.megapixels, memory, lane.seconds, lane.nice)]
    try:
        finished = subprocess.run(  # noqa: S603  (nothing of it comes from people)
            [sys.executable, "-m", "mediachat.pictures.image_worker", task, content_type, *limits],
            input=data,
            capture_output=True,
            cwd=settings.BASE_DIR,
            env={},
            timeout=lane.seconds * lane.patience,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_much(lane) from error
    line, _, parts = finished.stdout.partition(b"\n")
    if finished.returncode or not line:
        if lane.is_last:
            said = finished.stderr[-500:].decode()
            logger.warning("decoder_ended", code=finished.returncode, said=said)
        raise _too_much(lane)
    head: dict[str, Any] = json.loads(line)
    match head.get("error"):
        case None:
            size, small = head["sizes"]
            thumbnail = parts[size : size + small] or None
            return Picture(parts[:size], head["width"], head["height"], thumbnail)
        case "too_many_pixels" if lane.megapixels == settings.MAX_IMAGE_MEGAPIXELS:
            raise PictureTooLarge
        case "too_many_pixels" | "out_of_memory":
            raise _too_much(lane)
    raise UnreadablePicture


def _too_much(lane: Lane) -> Exception:
    return UnreadablePicture() if lane.is_last else TooSlow()
