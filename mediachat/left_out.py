"""Finds data that a start creates after the migrations, and that the database lacks.

Django and the chat create it on the signal ``post_migrate``: permissions, the moderators' group,
and the triggers of the audit log. If a start dies there, no migration is left to run, so the next
start has to check.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from chat.models import AuditEntry
from chat.moderation import audit_triggers, moderators


def left_out(using: str) -> list[str]:
    """Returns descriptions of what this database lacks; empty if its tables do not exist either.

    It takes five queries, since every start runs it.
    """
    needed = {model._meta.db_table for model in (AuditEntry, ContentType, Group, Permission)}
    if not needed <= set(connections[using].introspection.table_names()):
        return []  # the migrations come first
    found = []
    if count := len(_permissions() - _permissions_of(using)):
        found.append(f"{count} permissions")
    if not moderators.is_made(using):
        found.append(f"the group {moderators.NAME}")
    if names := audit_triggers.missing(using):
        found.append(f"{len(names)} of the audit log's triggers")
    return found


def _permissions() -> set[tuple[str, str, str]]:
    """Returns the permissions that the models define: app, model and codename."""
    return {
        (model._meta.app_label, str(model._meta.model_name), codename)
        for app in apps.get_app_configs()
        if app.models_module
        for model in app.get_models()
        for codename in (
            *(
                get_permission_codename(verb, model._meta)
                for verb in model._meta.default_permissions
            ),
            *(codename for codename, _ in model._meta.permissions),
        )
    }


def _permissions_of(using: str) -> set[tuple[str, str, str]]:
    rows = Permission.objects.using(using).order_by()
    return set(rows.values_list("content_type__app_label", "content_type__model", "codename"))


@register(Tags.database)
def nothing_is_left_out(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    return [
        Warning(
            f"The database lacks {', '.join(missing)}.",
            hint="A start was interrupted. The next start makes them, and so does "
            "`manage.py migrate`.",
            obj=alias,
            id="mediachat.W003",
        )
        for alias in databases or ()
        if (missing := left_out(alias))
    ]
