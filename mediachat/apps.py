from django.apps import AppConfig


class MediaChatConfig(AppConfig):
    name = "mediachat"

    def ready(self) -> None:
        from mediachat import checks  # noqa: F401  (registers them)
