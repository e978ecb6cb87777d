"""Nothing is stored, checked or acknowledged; every member's consumer encodes for itself."""

import json
import os
from typing import Any

import django
from django.conf import settings

# The layer that the tutorial has, or the one that Media Chat uses. The default capacity of 100
# would drop messages under this load.
settings.configure(
    INSTALLED_APPS=["channels"],
    SECRET_KEY="only measured",
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": os.environ["TUTORIAL_LAYER"],
            "CONFIG": {"capacity": 100_000}
            | ({"hosts": [os.environ["REDIS_URL"]]} if "REDIS_URL" in os.environ else {}),
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.group = f"chat_{self.scope['url_route']['kwargs']['room']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = json.loads(text_data or "")["message"]
        await self.channel_layer.group_send(
            self.group, {"type": "chat.message", "message": message}
        )

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({"message": event["message"]}))


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("ws/chat/<room>/", ChatConsumer.as_asgi())])}
)
