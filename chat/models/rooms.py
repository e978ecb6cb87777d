"""Models of rooms and their members."""

import uuid
from uuid import UUID

from django.conf import settings
from django.db import models

from chat import protocol
from mediachat.folding import FoldedField, Named


def pair_of(direct_key: str | None) -> list[UUID]:
    """Returns the ids of the two people of a direct room; none for another room, which
    has no key.
    """
    return [UUID(hex) for hex in direct_key.split(":")] if direct_key else []


class Room(Named):
    """A place where people talk: two of them (direct), those added (private) or all (public)."""

    class Kind(models.TextChoices):
        DIRECT = protocol.RoomKind.DIRECT.value, "Direct"
        PRIVATE = protocol.RoomKind.PRIVATE.value, "Private"
        PUBLIC = protocol.RoomKind.PUBLIC.value, "Public"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=80, blank=True)
    name_folded = FoldedField(of="name")
    direct_key = models.CharField(max_length=80, null=True, unique=True, editable=False)
    """The ids of the two people, sorted, so that there is one direct room for a pair. Whoever of
    them picked the other is a member at once, and the other becomes one with the first message."""
    blocked_by_first = models.BooleanField(null=True, editable=False)
    """Whether the first person of ``direct_key`` has blocked the second. It repeats what ``Block``
    says, so that sending a message asks nothing more. Null means no: during an upgrade, servers
    of the version before make rooms without it."""
    blocked_by_second = models.BooleanField(null=True, editable=False)
    """The same of the second. Each person writes only their own flag, so that two who block each
    other at the same moment need no lock."""
    waiting = models.BooleanField(null=True, editable=False)
    """Whether the other person of a direct room has been asked and has not accepted. Null means
    no."""
    members_version = models.PositiveBigIntegerField(default=0, editable=False)
    """Grows whenever someone's right to read the room changes. Every event carries it, so a
    process that missed the change learns of it before it forwards the next event."""
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["kind", "name_folded"])]
        permissions = [
            ("close_room", "Can close rooms and reopen them"),
            ("remove_member", "Can remove people from rooms"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} room"

    @property
    def is_blocked(self) -> bool:
        """Returns whether one of the two people of a direct room has blocked the other."""
        return bool(self.blocked_by_first or self.blocked_by_second)


class Membership(models.Model):
    """A person's membership of a room, and how far they have read."""

    class Role(models.TextChoices):
        OWNER = protocol.Role.OWNER.value, "Owner"
        MODERATOR = protocol.Role.MODERATOR.value, "Moderator"
        MEMBER = protocol.Role.MEMBER.value, "Member"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    read_number = models.PositiveBigIntegerField(default=0)
    put_away_number = models.PositiveBigIntegerField(null=True, editable=False)
    """The newest number of a direct room when its person took it off their list. It is back when
    the room has a newer one, so a new message needs no write here."""
    has_written = models.BooleanField(null=True, editable=False)
    """Whether they have written in the room since they came into it. Two people who both have see
    whether the other is here. Null means no: during an upgrade, servers of the version before
    make memberships without it."""
    favorite = models.BooleanField(null=True, editable=False)
    """Whether the room is among its person's favourites. It repeats what their log says
    (``chat.actions.favorites``), so that reading rooms asks nothing more. Null means no."""
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership")]
        # For a room's owner, and its longest member: a room may have ten thousand members.
        indexes = [models.Index(fields=["room", "role", "joined_at"])]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"
