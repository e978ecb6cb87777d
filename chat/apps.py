from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db.models import Model
from django.db.models.signals import post_migrate, pre_migrate

from mediachat.databases.transactions import wait_patiently


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        import chat.actions.scheduled
        import chat.followers.worker  # noqa: F401  (so does this)
        from accounts.signals import account_changed, erasure_begun, profile_changed, signed_out
        from chat import broadcast
        from chat.message_log import listeners

        listeners.register(broadcast.room_changes)
        signed_out.connect(_close_sockets)
        signed_out.connect(_hand_rooms_on)
        profile_changed.connect(_tell_profile)
        account_changed.connect(_record)
        erasure_begun.connect(_erase)
        pre_migrate.connect(_before_migrations, sender=self)
        post_migrate.connect(_after_migrations, sender=self)


def _close_sockets(
    sender: object, *, user_id: UUID, session_key: str | None, suspended: bool, **kwargs: Any
) -> None:
    from chat import broadcast
    from chat.protocol import CloseCode

    code = CloseCode.BANNED if suspended else CloseCode.NOT_SIGNED_IN
    broadcast.sign_out_on_commit(user_id, code, session_key)


def _hand_rooms_on(sender: object, *, user_id: UUID, suspended: bool, **kwargs: Any) -> None:
    from chat.actions import memberships

    if suspended:
        memberships.hand_rooms_on(user_id)


def _record(
    sender: object, *, actor: str, action: str, about: Model, what: str, **kwargs: Any
) -> None:
    from chat.moderation import audit

    audit.record(actor, action, about, target=str(about), reason=what)


def _erase(sender: object, *, erasure: Any, **kwargs: Any) -> None:
    from chat.realtime import erasure_worker

    erasure_worker.begun(erasure)


def _tell_profile(sender: object, *, user: Any, **kwargs: Any) -> None:
    from chat.actions import people

    people.profile_changed(user)


def _before_migrations(sender: object, *, using: str, **kwargs: Any) -> None:
    # Migrations wait for those who are still served, and work on rows between two statements.
    wait_patiently(using)


def _after_migrations(
    sender: object, *, using: str, apps: Any = installed_apps, **kwargs: Any
) -> None:
    # A flush says nothing of apps: it is the installed ones that lost their rows.
    from chat.moderation import audit_triggers, moderators

    try:
        apps.get_model("chat", "AuditEntry")
    except LookupError:
        return  # migrated back to nothing
    audit_triggers.install(using)
    moderators.make_group(using)
