"""Chooses the rooms that fit into the first frame of a socket."""

from collections.abc import Sequence

from django.conf import settings

from chat import protocol
from mediachat import NAME, VERSION

SERVER = protocol.Server(name=NAME, version=VERSION)
MEGABYTE = 1024 * 1024
LIMITS = protocol.Limits(
    body=protocol.BODY_LIMIT,
    upload=settings.MAX_UPLOAD_MB * MEGABYTE,
    attachments=protocol.ATTACHMENTS_LIMIT,
    frame=protocol.FRAME_LIMIT,
)
ROOMS_LIMIT = 2_000
"""Rooms in one ``ready``, some 250 bytes each; more of them follow as ``room`` events."""
NAMES_LIMIT = 64 * 1024
"""Characters of usernames in one ``ready``. A hundred rooms of fifty people fit; what others can
put someone into is without end: 254 rooms of 150 people were 454 KB at each connect."""
QUOTES = len('"",')


def greeted(rooms: Sequence[protocol.Room]) -> tuple[list[protocol.Room], bool]:
    """The rooms as ``ready`` tells them, and whether there are more of them.

    The smallest rooms name their members first: a direct room is called by who is in it.
    """
    told = list(rooms[:ROOMS_LIMIT])
    left = NAMES_LIMIT
    for at in sorted(range(len(told)), key=lambda at: len(told[at].members or ())):
        if names := told[at].members:
            left -= sum(map(len, names)) + len(names) * QUOTES if left > 0 else 0
            if left <= 0:
                # A copy: others are being greeted with the same rooms.
                told[at] = told[at].model_copy(update={"members": None})
    return told, len(rooms) > ROOMS_LIMIT
