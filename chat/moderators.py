"""The group whose members moderate: made with the database, then the administrators' to change."""

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


def make_group(using: str) -> None:
    """Makes the group where there is none.

    A group that has permissions stays as it is: an administrator may have taken some away. One
    without any is what a crash between the two writes leaves.
    """
    group, _ = Group.objects.using(using).get_or_create(name=NAME)
    if not group.permissions.exists():
        wanted = Q()
        for app, codenames in PERMISSIONS.items():
            wanted |= Q(content_type__app_label=app, codename__in=codenames)
        # Without the signals: nobody gives these permissions, so no record is kept of it.
        through = type(group).permissions.through
        found = Permission.objects.using(using).filter(wanted)
        through.objects.using(using).bulk_create(
            through(group_id=group.pk, permission_id=permission.pk) for permission in found
        )
