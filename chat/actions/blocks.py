"""Blocks and unblocks people."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.names.usernames import normalize
from chat import broadcast
from chat.actions.locks import lock_people
from chat.models import Block, Room, RoomRequest
from chat.protocol import ChatError, ErrorCode

BLOCKS_LIMIT = 500
"""The most people that one person may block: all of them stand in ``ready``."""


def block_person(user: User, *, username: str) -> None:
    """Blocks a person: from now on neither of the two can write to the other directly, add them to
    rooms or see whether they are online.

    Raises:
        ChatError: ``not_found`` (no such person), ``bad_request`` (oneself), ``conflict`` (too
            many are blocked).
    """
    other = _other(user, username)
    with transaction.atomic():
        lock_people([user.pk])
        block, new = Block.objects.get_or_create(blocker=user, blocked=other)
        if new and Block.objects.filter(blocker=user).count() > BLOCKS_LIMIT:
            block.delete()  # where refusing it takes nothing back
            raise ChatError(
                ErrorCode.CONFLICT,
                f"You have blocked {BLOCKS_LIMIT} people, which is the most. "
                "Unblock someone first.",
            )
    waiting = RoomRequest.objects.filter(user=user, asker=other, refused_at=None)
    waiting.update(refused_at=timezone.now())
    _changed(user, other)


def unblock_person(user: User, *, username: str) -> None:
    """Removes a block; the other person's own block of this one stays.

    Raises:
        ChatError: ``not_found`` (no such person), ``bad_request`` (oneself).
    """
    other = _other(user, username)
    Block.objects.filter(blocker=user, blocked=other).delete()
    _changed(user, other)


def repeat_in_direct_room(user: User, other: User) -> None:
    """Copies this person's block into the direct room of the two people.

    It comes after the block and after the room have been stored, so that the later of the two
    sees the other, and reads again after writing, so that whoever writes last has read last. The
    same command sent again mends what a process left that died in between.
    """
    flag = "blocked_by_first" if user.pk.hex < other.pk.hex else "blocked_by_second"
    block = Block.objects.filter(blocker=user, blocked=other)
    written = None
    while (blocked := block.exists()) is not written:
        Room.objects.filter(direct_key=direct_key(user, other)).update(**{flag: blocked})
        written = blocked


def direct_key(user: User, other: User) -> str:
    """Returns the key of the direct room of two people, in either order."""
    return ":".join(sorted([user.pk.hex, other.pk.hex]))


def _changed(user: User, other: User) -> None:
    repeat_in_direct_room(user, other)
    for person in (user, other):
        broadcast.relations_changed_on_commit(person.pk)


def _other(user: User, username: str) -> User:
    """Includes suspended people: they may return."""
    other = User.objects.filter(username=normalize(username)).first()
    if other is None:
        raise ChatError(ErrorCode.NOT_FOUND, f"There is no person named {username!r}.")
    if other.pk == user.pk:
        raise ChatError(ErrorCode.BAD_REQUEST, "You cannot block yourself.")
    return other
