"""Accepts and refuses strangers' requests to join rooms."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat import broadcast, permissions
from chat.actions.memberships import let_in
from chat.actions.strangers import is_still_meant, withdraw
from chat.models import Room, RoomRequest


def accept_request(user: User, *, room: UUID) -> Room:
    """Makes a person a member of a room into which they have been asked.

    Raises:
        ChatError: ``not_found`` (there is no such request, or not any more).
    """
    with transaction.atomic():
        request = _waiting(user, room)
        if is_still_meant(request):
            let_in(request.room, user)
            return request.room
        withdraw(request)
    raise permissions.not_found()


def refuse_request(user: User, *, room: UUID) -> None:
    """Refuses a request. The sender is not notified, and cannot send another for a time.

    Raises:
        ChatError: ``not_found`` (there is no such request).
    """
    with transaction.atomic():
        request = _waiting(user, room)
        RoomRequest.objects.filter(pk=request.pk).update(refused_at=timezone.now())
        broadcast.relations_changed_on_commit(user.pk)


def _waiting(user: User, room: UUID) -> RoomRequest:
    """Returns the request, locked until the transaction ends."""
    requests = RoomRequest.objects.select_related("room", "asker").select_for_update(of=("self",))
    waiting = requests.filter(room_id=room, user=user, refused_at=None, withdrawn_at=None)
    request = waiting.first()
    if request is None or not permissions.is_active(user):
        raise permissions.not_found()
    return request
