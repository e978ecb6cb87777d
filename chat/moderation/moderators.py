"""Creates the moderators' group once; administrators can change it afterwards."""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

NAME = "Moderators"
PERMISSIONS = {
    "accounts": ["view_user", "suspend_user"],
    "chat": [
        "view_room",
        "view_membership",
        "view_message",
        "view_attachment",
        "view_report",
        "view_auditentry",
        "close_room",
        "remove_member",
        "hide_message",
        "reveal_message",
        "settle_report",
    ],
}
BEING_MADE = {"contenttypes": ["add_contenttype"]}
"""A permission that opens nothing. The group has it first and loses it last: it says that others
may be missing, where a start can die between two rows that are stored at once (MongoDB)."""


def is_made(using: str) -> bool:
    """Returns whether the group was created completely.

    A group without permissions was not: a start that dies while creating it leaves one.
    """
    group = Group.objects.using(using).filter(name=NAME).first()
    if group is None:
        return False
    has = set(group.permissions.values_list("codename", flat=True))
    return bool(has) and has.isdisjoint(*BEING_MADE.values())


def make_group(using: str) -> None:
    """Creates the group, or finishes an interrupted creation.

    A complete group stays unchanged: an administrator may have removed permissions.
    """
    if is_made(using):
        return
    group, _ = Group.objects.using(using).get_or_create(name=NAME)
    # Without the signals: nobody gives these permissions, so no record is kept of it.
    through = type(group).permissions.through
    rows = through.objects.using(using).filter(group_id=group.pk)
    there = set(rows.values_list("permission_id", flat=True))
    mark = _permissions(using, BEING_MADE)
    rows.bulk_create(
        through(group_id=group.pk, permission_id=id)
        for id in (*mark, *_permissions(using, PERMISSIONS))
        if id not in there
    )
    rows.filter(permission_id__in=mark).delete()


def _permissions(using: str, named: dict[str, list[str]]) -> list[int]:
    wanted = Q()
    for app, codenames in named.items():
        wanted |= Q(content_type__app_label=app, codename__in=codenames)
    found = Permission.objects.using(using).filter(wanted)
    return list(found.order_by().values_list("pk", flat=True))
