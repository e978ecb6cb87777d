"""Where moderators look and decide. Everything they do goes through ``actions.moderation``."""

from chat.admin.attachments import AttachmentAdmin
from chat.admin.audit import AuditEntryAdmin
from chat.admin.messages import MessageAdmin
from chat.admin.reports import ReportAdmin
from chat.admin.rooms import MembershipAdmin, RoomAdmin

__all__ = [
    "AttachmentAdmin",
    "AuditEntryAdmin",
    "MembershipAdmin",
    "MessageAdmin",
    "ReportAdmin",
    "RoomAdmin",
]
