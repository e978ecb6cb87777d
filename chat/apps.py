from typing import Any
from uuid import UUID

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        from accounts.signals import signed_out

        signed_out.connect(_close_sockets)


def _close_sockets(
    sender: object, *, user_id: UUID, session_key: str | None, suspended: bool, **kwargs: Any
) -> None:
    from chat import publish
    from chat.protocol import CloseCode

    code = CloseCode.BANNED if suspended else CloseCode.NOT_SIGNED_IN
    publish.sign_out_on_commit(user_id, code, session_key)
