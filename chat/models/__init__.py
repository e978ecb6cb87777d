"""The chat's models, one file per subject."""

from chat.models.attachments import Attachment
from chat.models.blocks import Block
from chat.models.due import Due
from chat.models.followers import Follower
from chat.models.history import History
from chat.models.messages import Message, Revision
from chat.models.moderation import AuditEntry, Report
from chat.models.personal import PersonalChange
from chat.models.requests import RoomRequest
from chat.models.rooms import Membership, Room

__all__ = [
    "Attachment",
    "AuditEntry",
    "Block",
    "Due",
    "Follower",
    "History",
    "Membership",
    "Message",
    "PersonalChange",
    "Report",
    "Revision",
    "Room",
    "RoomRequest",
]
