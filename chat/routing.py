"""The two socket doors. Never one for both: see ``chat.consumers``."""

from django.urls import path

from chat.consumers import BrowserDoor, ProgramDoor

websocket_urlpatterns = [
    path("ws/", BrowserDoor.as_asgi()),
    path("ws/client/", ProgramDoor.as_asgi()),
]
