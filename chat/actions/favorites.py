"""Adds and removes favourite rooms."""

from uuid import UUID

from accounts.models import User
from chat import permissions, protocol
from chat.actions.personal import change_personal
from chat.models import Membership
from chat.permissions import Permission
from chat.protocol import ChatError, ErrorCode, PersonalKind


def set_favorite(user: User, *, room: UUID, on: bool) -> protocol.PersonalChange:
    """Adds a room to a person's favourites, or removes it. The membership holds a copy, so that
    rooms can be read without the log.

    Raises:
        ChatError: ``not_found``, ``forbidden`` (a public room that they are not in), ``conflict``
            (too many favourites).
    """
    grant = permissions.room_for(user, room, Permission.READ)
    if grant.membership is None:
        raise ChatError(ErrorCode.FORBIDDEN, "Join this room first.")
    # Not this membership: they may be removed and added again at this moment.
    mine = Membership.objects.filter(room=room, user=user)
    return change_personal(
        user.pk,
        kind=PersonalKind.FAVORITE,
        key=str(room),
        value=on,
        default=False,
        repeat=lambda value: mine.update(favorite=value),
    )
