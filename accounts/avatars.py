"""People's pictures: small squares drawn anew from what they upload."""

import warnings
from io import BytesIO
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from PIL import Image, ImageOps

SIDE = 256
"""Pixels along each side."""
LIMIT = 5 * 1024 * 1024
"""The largest upload in bytes."""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


class NotAPicture(Exception):
    """Why an upload cannot be a picture; for people."""


def redraw(upload: IO[bytes]) -> "ContentFile[bytes]":
    """A WebP square of the upload's first frame, without what the camera wrote into it.

    Raises:
        NotAPicture: it is too large, of no known format, or broken.
    """
    data = upload.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise NotAPicture("This file is larger than 5 MB. Choose a smaller one.")
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(data), formats=FORMATS) as image:
            warnings.simplefilter("error")
            # Known from the header, before a pixel is decoded: a small file can unfold into
            # gigabytes.
            if image.width * image.height > settings.MAX_IMAGE_MEGAPIXELS * 1_000_000:
                raise NotAPicture("This picture has too many pixels. Choose a smaller one.")
            image.draft("RGB", (SIDE, SIDE))
            square = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGBA"), (SIDE, SIDE))
    except NotAPicture:
        raise
    except Exception as error:  # whatever a decoder makes of hostile bytes
        raise NotAPicture("This is no picture that can be read. Choose a PNG or JPEG.") from error
    drawn = BytesIO()
    square.save(drawn, "WEBP", quality=85)
    return ContentFile(drawn.getvalue())
