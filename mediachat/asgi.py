"""The application that daphne and uvicorn run."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

# What follows needs the apps to be loaded.
from importlib.util import find_spec

from channels.routing import ProtocolTypeRouter, URLRouter
from django.utils.module_loading import import_string

routes = import_string("chat.routing.websocket_urlpatterns") if find_spec("chat.routing") else []
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(routes)})
