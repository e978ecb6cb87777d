"""Pictures that people send: bounded, without metadata, upright, with a thumbnail.

What cannot be shown is kept all the same, as a file to save, and says why.
"""

from typing import NamedTuple

from chat.protocol import AttachmentProblem
from mediachat.pictures import lanes, process
from mediachat.pictures.process import DECODERS, Picture

__all__ = ["TYPES", "Picture", "Prepared", "prepare"]

TYPES = frozenset({*DECODERS, "image/heic", "image/heif"})
"""Media types of what goes through here; the last two are not decoded."""


class Prepared(NamedTuple):
    """What is stored of a picture."""

    picture: Picture
    problem: AttachmentProblem | None
    """Why it cannot be shown."""
    metadata_kept: bool
    """Where in the file the camera's notes are could not be told, so it is as it was sent."""


def prepare(data: bytes, content_type: str, lane: lanes.Lane = lanes.large) -> Prepared:
    """Makes a picture fit to be stored, in a process of its own.

    Raises:
        TooSlow: it has to go to the last lane.
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
