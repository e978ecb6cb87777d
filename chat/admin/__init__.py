"""The admin for moderators. All its actions go through ``chat.moderation.actions``."""

from chat.admin.attachments import AttachmentAdmin
from chat.admin.audit import AuditEntryAdmin
from chat.admin.messages import MessageAdmin
from chat.admin.people import GroupAdmin, UserAdmin
from chat.admin.reports import ReportAdmin
from chat.admin.rooms import MembershipAdmin, RoomAdmin

__all__ = [
    "AttachmentAdmin",
    "AuditEntryAdmin",
    "GroupAdmin",
    "MembershipAdmin",
    "MessageAdmin",
    "ReportAdmin",
    "RoomAdmin",
    "UserAdmin",
]
