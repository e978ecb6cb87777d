"""The two socket doors. Never one for both: see ``chat.websocket.consumers``."""

from typing import Any

from django.urls import path, re_path

from chat.websocket.consumers import BrowserDoor, ProgramDoor


async def no_door(scope: Any, receive: Any, send: Any) -> None:
    """Refuses the handshake at every other address; the router would raise, as for a defect."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urlpatterns = [
    path("ws/", BrowserDoor.as_asgi()),
    path("ws/client/", ProgramDoor.as_asgi()),
    re_path("", no_door),  # type: ignore[arg-type]
]
