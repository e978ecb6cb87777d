"""Redraws profile pictures from uploads as small squares, in a separate process."""

from functools import partial
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile

from mediachat.pictures import lanes, process
from mediachat.turns import TooMuchWaiting

LIMIT = 5 * 1024 * 1024
"""The largest upload in bytes."""
SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"RIFF", "image/webp"),
    (4, b"ftypavi", "image/avif"),
)
"""How the files begin that can become a person's picture, after so many bytes."""


class InvalidImage(Exception):
    """The upload cannot become a picture; the message is shown to the person."""


def redraw(person: UUID, upload: IO[bytes]) -> "ContentFile[bytes]":
    """Returns a WebP square of the upload's first frame, without the camera's metadata.

    Waits for this person's turn, in the queue for small pictures.

    Raises:
        InvalidImage: it is too large, of an unknown format, or broken, or too many are waiting.
    """
    data = upload.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise InvalidImage("This file is larger than 5 MB. Choose a smaller one.")
    kind = next((kind for at, sign, kind in SIGNATURES if data.startswith(sign, at)), None)
    try:
        if kind is None:
            raise process.UnreadablePicture
        return ContentFile(_drawn(person, data, kind).data)
    except TooMuchWaiting as error:
        raise InvalidImage(
            "Several of your pictures are being read already. Wait a minute and try again."
        ) from error
    except process.PictureTooLarge as error:
        raise InvalidImage(
            f"This picture has more than {settings.MAX_IMAGE_MEGAPIXELS} megapixels. "
            "Choose a smaller one."
        ) from error
    except process.UnreadablePicture as error:
        raise InvalidImage("This is no picture that can be read. Choose a PNG or JPEG.") from error


def _drawn(person: UUID, data: bytes, kind: str) -> process.Picture:
    *quicker, last = lanes.lanes_for(person, data, kind, len(data))
    for lane in quicker:
        try:
            return _in_lane(lane, person, data, kind)
        except process.TooSlow:
            lanes.distrust(person)
    return _in_lane(last, person, data, kind)


def _in_lane(lane: lanes.Lane, person: UUID, data: bytes, kind: str) -> process.Picture:
    return lane.turns.submit(person, partial(process.run, "draw_avatar", data, kind, lane)).result()
