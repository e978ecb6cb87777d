"""Subscribes one process to the channel layer: one channel, in any number of groups."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from channels.layers import get_channel_layer

from chat import broadcast
from chat.concurrency.background_tasks import BackgroundTasks
from mediachat.monitoring.logs import reason

logger = structlog.get_logger(__name__)

SUBSCRIBE_LIMIT = 2.0
"""Seconds to wait for the channel layer; the heartbeat heals what is not heard meanwhile."""
RETRY_AFTER = 1.0
"""Seconds until a layer that failed is tried again."""


class Subscriptions:
    """The groups that this process is in, through every failure of the layer.

    ``hear`` takes each event; ``begun`` is called whenever listening begins, and ``failed`` where
    groups could not be joined: ``add_missed`` is to be called soon.
    """

    def __init__(
        self,
        hear: Callable[[dict[str, Any]], None],
        begun: Callable[[], None],
        failed: Callable[[], None],
    ) -> None:
        self._hear = hear
        self._begun = begun
        self._failed = failed
        self._groups: set[str] = {broadcast.PRESENCE_GROUP}
        self._missed: set[str] = set()
        self._channel = ""
        self._listening = asyncio.Event()
        self._background = BackgroundTasks()

    async def run(self) -> None:
        """Listens; when the layer fails, joins all groups again."""
        layer = get_channel_layer()
        while True:
            try:
                self._channel = await layer.new_channel()
                for group in list(self._groups):
                    await layer.group_add(group, self._channel)
                self._listening.set()
                self._begun()
                while True:
                    self._hear(await layer.receive(self._channel))
            except Exception as error:
                self._listening.clear()
                logger.warning("layer_unreachable", error=reason(error))
                await asyncio.sleep(RETRY_AFTER)

    async def add(self, groups: Iterable[str]) -> None:
        """Joins these groups. Never raises: those that cannot be joined now are remembered."""
        groups = list(groups)
        self._groups.update(groups)
        try:
            async with asyncio.timeout(SUBSCRIBE_LIMIT):
                await self._listening.wait()
                for group in groups:
                    await get_channel_layer().group_add(group, self._channel)
        except Exception as error:
            logger.warning("not_subscribed", groups=len(groups), error=reason(error))
            self._missed.update(groups)
            self._failed()

    async def add_missed(self) -> None:
        """Joins the groups that could not be joined when they should have been."""
        missed, self._missed = self._missed & self._groups, set()
        if missed:
            await self.add(missed)

    def discard(self, group: str) -> None:
        """Leaves a group, soon; whoever joins it again before that stays in it."""
        self._groups.discard(group)
        self._background.spawn(self._discard(group))

    async def _discard(self, group: str) -> None:
        if group not in self._groups:
            await get_channel_layer().group_discard(group, self._channel)
