"""Opens direct rooms: two people share one.

The person who opens it is a member at once. For the other person it does not exist before its first
message, unless they open it too: nobody needs an empty room in their list.
``let_newcomers_in`` of ``chat.actions.memberships`` makes them a member with that message.
"""

from django.db import transaction

from accounts.models import User
from chat import permissions
from chat.actions import days
from chat.actions.blocks import direct_key, repeat_in_direct_room
from chat.actions.memberships import admit, await_message, let_in
from chat.actions.strangers import ask, check_asking, strangers_among, tell_asked
from chat.models import Message, Room
from chat.protocol import Role, RoomKind
from chat.queries import relations


def open_direct_room(user: User, other: User) -> tuple[Room, bool]:
    """Opens the direct room of two people for one of them, and returns whether it is new.

    If the other is a stranger who must be asked, the request is sent at once, and accepting it
    gives them the room.

    Raises:
        ChatError: ``forbidden`` (one has blocked the other), ``rate_limited`` (so many rooms or
            strangers in a day).
    """
    if relations.apart_from(user, [other.pk]):
        raise permissions.cannot_write()
    strangers = strangers_among(user, [other])
    asked: list[User] = []
    known = Room.objects.filter(direct_key=direct_key(user, other)).first()
    if strangers:
        if known and known.memberships.filter(user=other).exists():
            strangers = []  # they have picked this person: to write to them is to accept
        else:
            asked = check_asking(user, known, strangers)
    with days.counted(user, rooms=int(known is None)), transaction.atomic():
        room, new = Room.objects.get_or_create(
            direct_key=direct_key(user, other),
            defaults={"kind": RoomKind.DIRECT.value, "waiting": bool(strangers) or None},
        )
        if strangers and not room.waiting:
            # They were no strangers when this room was opened.
            Room.objects.filter(pk=room.pk).update(waiting=True)
        in_before = room.waiting and room.memberships.filter(user=user).exists()
        has_begun = known is not None and Message.objects.filter(room=room).exists()
        ask(user, room, asked)
        # Also where the room exists: the process that opened it may have died before this. And a
        # server of the version before lets nobody in with the first message.
        admit(room, [user, other] if has_begun and not strangers else [user], Role.MEMBER)
        tell_asked(room, asked)
        if room.waiting and not strangers:
            # Nobody has to accept any more: who was asked picks the other, or is no stranger now.
            if in_before and not has_begun:
                await_message(room, other)
            else:
                let_in(room, other if in_before else user)
    if new:
        # One of them may have blocked the other since we asked.
        repeat_in_direct_room(user, other)
        repeat_in_direct_room(other, user)
    return room, new
