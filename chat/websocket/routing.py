"""Routes the two socket endpoints. Never one for both: see ``chat.websocket.consumers``."""

from typing import Any

from django.urls import path, re_path

from chat.websocket.consumers import BrowserConsumer, ClientConsumer


async def no_door(scope: Any, receive: Any, send: Any) -> None:
    """Refuses the handshake at every other address; the router would raise, as for a defect."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urlpatterns = [
    path("ws/", BrowserConsumer.as_asgi()),
    path("ws/client/", ClientConsumer.as_asgi()),
    re_path("", no_door),  # type: ignore[arg-type]
]
