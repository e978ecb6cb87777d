"""Prepares pictures in messages: bounded, without metadata, upright, with a thumbnail.

A picture that cannot be shown is stored as a file to save, with the reason.
"""

from typing import NamedTuple

from chat.protocol import AttachmentProblem
from mediachat.pictures import lanes, process
from mediachat.pictures.process import DECODERS, Picture

__all__ = ["TYPES", "Picture", "Prepared", "prepare"]

TYPES = frozenset({*DECODERS, "image/heic", "image/heif"})
"""Media types of what goes through here; the last two are not decoded."""


class Prepared(NamedTuple):
    """The parts of a picture to store."""

    picture: Picture
    problem: AttachmentProblem | None
    """Why it cannot be shown."""
    metadata_kept: bool
    """Where in the file the camera's notes are could not be told, so it is as it was sent."""


def prepare(data: bytes, content_type: str, lane: lanes.Lane = lanes.large) -> Prepared:
    """Prepares a picture for storage, in a separate process.

    Raises:
        TooSlow: it needs the last lane.
    """
    problem = None
    if content_type in DECODERS:
        try:
            return Prepared(process.run("prepare", data, content_type, lane), None, False)
        except process.PictureTooLarge:
            problem = AttachmentProblem.TOO_MANY_PIXELS
        except process.UnreadablePicture:
            problem = AttachmentProblem.UNREADABLE
    try:
        return Prepared(process.run("strip", data, content_type, lane), problem, False)
    except (process.UnreadablePicture, process.PictureTooLarge):
        return Prepared(Picture(data, None, None, None), problem, True)
