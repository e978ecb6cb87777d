"""The ASGI application that daphne and uvicorn run."""

import gc
import os
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediachat.settings")

from mediachat.http import handler

http = handler.application()

# The imports below need the apps to be loaded.
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

from accounts.passwords.sign_in_line import SignInLine
from accounts.profile import avatars
from chat.api import uploads
from chat.api.address_limits import AddressLimit
from chat.runtime import lifespan
from chat.websocket.routing import websocket_urlpatterns
from mediachat.checks import refuse_wrong_settings
from mediachat.http.body_limit import MIB, MULTIPART, BodyLimit
from mediachat.http.url_prefix import BelowPrefix, WithPrefix

refuse_wrong_settings()

# whitenoise reads small files at once and streams large ones itself.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")

application = ProtocolTypeRouter(
    {
        "http": AddressLimit(
            BodyLimit(
                SignInLine(WithPrefix(http)),
                limits={
                    uploads.ATTACHMENTS: settings.MAX_UPLOAD_MB * MIB + MULTIPART,
                    "/accounts/profile": avatars.LIMIT + MULTIPART,
                },
                admit=uploads.admit,
            )
        ),
        "lifespan": lifespan,
        # Both WebSocket endpoints authenticate for themselves.
        "websocket": WithPrefix(URLRouter(websocket_urlpatterns)),
    }
)

if settings.URL_PREFIX:
    application = BelowPrefix(application, settings.URL_PREFIX)

# Objects created so far live as long as the process. Scanning them in every garbage collection
# would block the event loop for a tenth of a second each time.
gc.collect()
gc.freeze()
