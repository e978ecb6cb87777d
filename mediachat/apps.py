from typing import Any

from django.apps import AppConfig
from django.conf import settings

from mediachat.databases import sqlite_case
from mediachat.databases.urls import refuse_djongo


class MediaChatConfig(AppConfig):
    name = "mediachat"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # Here, because the first imported model needs the engine.
        refuse_djongo(settings.DATABASES)

    def ready(self) -> None:
        from mediachat import checks, left_out  # noqa: F401  (register theirs)

        sqlite_case.register()
