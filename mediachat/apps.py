from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import pre_migrate

from mediachat import sqlite_case
from mediachat.databases import refuse_djongo


class MediaChatConfig(AppConfig):
    name = "mediachat"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # Here, since the first model that is imported asks for the engine.
        refuse_djongo(settings.DATABASES)

    def ready(self) -> None:
        from mediachat import checks, left_out  # noqa: F401  (register theirs)
        from mediachat.transactions import wait_patiently

        # Migrations wait for those who are still served, and copy rows between two statements.
        pre_migrate.connect(lambda using, **kwargs: wait_patiently(using), sender=self, weak=False)
        sqlite_case.register()
