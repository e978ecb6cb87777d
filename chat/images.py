"""Pictures that people send: bounded, without metadata, upright, with a thumbnail."""

from django.conf import settings

from chat.protocol import ChatError, ErrorCode
from mediachat.pictures import lanes, process
from mediachat.pictures.process import DECODERS, Picture

__all__ = ["DECODERS", "Picture", "prepare"]


def prepare(data: bytes, content_type: str, lane: lanes.Lane = lanes.large) -> Picture:
    """Makes a picture fit to be stored, in a process of its own.

    Raises:
        ChatError: ``too_large`` (too many pixels), ``unsupported_media`` (it cannot be read).
        TooSlow: it has to go to the last lane.
    """
    try:
        return process.run("prepare", data, content_type, lane)
    except process.PictureTooLarge as error:
        raise ChatError(
            ErrorCode.TOO_LARGE,
            f"This picture has more than {settings.MAX_IMAGE_MEGAPIXELS} megapixels. "
            "Make it smaller, or send it in an archive.",
        ) from error
    except process.UnreadablePicture as error:
        raise ChatError(
            ErrorCode.UNSUPPORTED_MEDIA,
            "This picture cannot be read. Save it again as PNG or JPEG and retry.",
        ) from error
