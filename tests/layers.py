"""Channel layers that behave as badly as a channel layer may."""

from typing import Any

from channels.layers import InMemoryChannelLayer


class DroppingLayer(InMemoryChannelLayer):
    """Accepts everything and delivers nothing, as a layer at capacity is allowed to."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        pass

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        pass
