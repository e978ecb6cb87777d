"""Channel layers that behave as badly as a channel layer may."""

import asyncio
import copy
import random
from typing import Any

from channels.layers import InMemoryChannelLayer


class DroppingLayer(InMemoryChannelLayer):
    """Accepts everything and delivers nothing, as a layer at capacity is allowed to."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        pass

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        pass


class UnreliableLayer(InMemoryChannelLayer):
    """Drops a third of all messages, repeats a third, and delivers none in its turn."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        deliveries = random.choice([0, 1, 1, 2, 3, 0])
        for _ in range(deliveries):
            delay = random.uniform(0, 0.05)
            loop = asyncio.get_running_loop()
            loop.call_later(delay, self._deliver, group, copy.deepcopy(message))

    def _deliver(self, group: str, message: dict[str, Any]) -> None:
        task = asyncio.ensure_future(super().group_send(group, message))
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)


_under_way: set["asyncio.Future[None]"] = set()
