"""Writes to a person's own profile."""

from accounts.models import User
from chat import payloads, protocol, publish
from chat.models import Membership


def update_profile(user: User, *, display_name: str) -> protocol.Me:
    """Changes how someone is called, and tells everyone who shares a room with them."""
    User.objects.filter(pk=user.pk).update(display_name=display_name)
    user.display_name = display_name
    profile_changed(user)
    return payloads.me(user)


def profile_changed(user: User) -> None:
    """Tells everyone who shares a room with this person how they are called now."""
    frame = protocol.PersonEvent(person=payloads.person(user)).frame()
    for room in Membership.objects.filter(user=user).values_list("room_id", flat=True):
        publish.ephemeral(room, frame)
