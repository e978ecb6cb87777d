"""Writes to a person's own profile."""

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.profile.allowed_names import clean_display_name
from chat import broadcast, protocol, serializers
from chat.models import Membership
from chat.protocol import ChatError, ErrorCode


def update_profile(user: User, *, display_name: str) -> protocol.Me:
    """Changes a person's display name, and broadcasts it to everyone who shares a room with them.

    Raises:
        ChatError: ``bad_request`` (the name deceives, or is another person's username).
    """
    try:
        display_name = clean_display_name(user, display_name)
    except ValidationError as error:
        raise ChatError(ErrorCode.BAD_REQUEST, error.messages[0]) from error
    User.objects.filter(pk=user.pk).update(display_name=display_name)  # and what it folds to
    user.display_name = display_name
    profile_changed(user)
    return serializers.me(user)


def profile_changed(user: User) -> None:
    """Broadcasts this person's profile to everyone who shares a room with them."""
    frame = protocol.PersonEvent(person=serializers.person(user)).frame()
    rooms = Membership.objects.filter(user=user)
    for room, members_version in rooms.values_list("room_id", "room__members_version"):
        broadcast.ephemeral(room, members_version, frame)
