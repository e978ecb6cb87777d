"""Three lanes for pictures, so that no fast picture waits for a slow one.

The header determines a picture's lane. A false header gains nothing: each lane but the last allows
about a second of work or less, and a picture that takes more has to move to the last, as do all of
that person's further ones for a while.
"""

import math
import time
from collections.abc import Hashable
from dataclasses import dataclass

from django.conf import settings

from mediachat.pictures import headers
from mediachat.turns import Turns

WAITING = 20
"""Pictures of one person that may wait in each lane: as many as a message can hold."""
DISTRUST = 600.0
"""Seconds for which all pictures of a person use the last lane, once one was slower than
its header claimed."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane: its own turns, and the limits of each picture in it."""

    turns: Turns
    cost: float
    """Seconds of work up to which a picture belongs here, as its header tells."""
    nice: int
    """How far the work stands back behind the server's own, where both want the processor."""
    base_seconds: float
    seconds_per_megapixel: float
    """Work on one picture: so much, and so much more for each megapixel that is allowed."""
    patience: int
    """How many times as long to wait for a decoder, which has less of the processor's time."""
    most_megapixels: int | None
    """None for as many as are allowed at all."""
    bytes_per_pixel: int
    """Memory for each of these."""

    @property
    def megapixels(self) -> int:
        allowed = settings.MAX_IMAGE_MEGAPIXELS
        return min(allowed, self.most_megapixels or allowed)

    @property
    def seconds(self) -> float:
        return self.base_seconds + self.seconds_per_megapixel * self.megapixels

    @property
    def is_last(self) -> bool:
        return self.cost == math.inf


# One process in each, with higher priority for faster lanes: of two cores, a slow picture leaves
# the other, and most of its own, to fast ones.
small = Lane(
    turns=Turns(1, waiting=WAITING, name="small pictures"),
    cost=0.2,
    nice=2,
    base_seconds=0.6,
    seconds_per_megapixel=0,
    patience=10,
    most_megapixels=6,
    bytes_per_pixel=40,
)
"""Faces, drawings, a window of a screen. A decoder needs 0.1 seconds to start."""
medium = Lane(
    turns=Turns(1, waiting=WAITING, name="medium pictures"),
    cost=0.6,
    nice=7,
    base_seconds=1.5,
    seconds_per_megapixel=0,
    patience=10,
    most_megapixels=18,
    bytes_per_pixel=20,
)
"""A telephone's photograph, a whole screen."""
large = Lane(
    turns=Turns(1, waiting=WAITING, name="large pictures"),
    cost=math.inf,
    nice=15,
    base_seconds=5,
    seconds_per_megapixel=0.6,
    patience=6,
    most_megapixels=None,
    bytes_per_pixel=60,
)
"""Everything else. Of 25 megapixels 20 seconds: the most that an honest one took was 8, for a WebP
of noise that had to be turned. Most memory is taken there too."""
ALL = (small, medium, large)

_distrusted: dict[Hashable, float] = {}
"""Until when, by person (monotonic)."""


def lanes_for(person: Hashable, head: bytes, content_type: str, size: int) -> tuple[Lane, ...]:
    """Returns the lanes to try in order for this picture of ``size`` bytes; the next after
    ``process.TooSlow``.
    """
    cost = headers.cost(head[: headers.HEAD], content_type, size)
    if cost is None or _distrusted.get(person, 0) > time.monotonic():
        return (large,)
    first = next(lane for lane in ALL if cost <= lane.cost)
    return (first,) if first is large else (first, large)


def distrust(person: Hashable) -> None:
    """Records that one of this person's pictures took longer than its header claimed."""
    now = time.monotonic()
    for each in [each for each, until in list(_distrusted.items()) if until <= now]:
        _distrusted.pop(each, None)
    _distrusted[person] = now + DISTRUST
