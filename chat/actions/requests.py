"""Answering a stranger who asks one into a room."""

from uuid import UUID

from django.utils import timezone

from accounts.models import User
from chat import access, publish
from chat.actions import rooms
from chat.actions.strangers import is_still_meant
from chat.models import Room, RoomRequest


def accept_request(user: User, *, room: UUID) -> Room:
    """Makes someone a member of a room into which they have been asked.

    Raises:
        ChatError: ``not_found`` (nobody asks them into it, or not any more).
    """
    request = _waiting(user, room)
    if not is_still_meant(request):
        _refuse(request)
        raise access.not_found()
    rooms.let_in(request.room, user)
    return request.room


def refuse_request(user: User, *, room: UUID) -> None:
    """Refuses to be in a room. Whoever asked is not told, and cannot ask again for a time.

    Raises:
        ChatError: ``not_found`` (nobody asks them into it).
    """
    _refuse(_waiting(user, room))


def _waiting(user: User, room: UUID) -> RoomRequest:
    requests = RoomRequest.objects.select_related("room", "asker")
    request = requests.filter(room_id=room, user=user, refused_at=None).first()
    if request is None or not access.is_active(user):
        raise access.not_found()
    return request


def _refuse(request: RoomRequest) -> None:
    RoomRequest.objects.filter(pk=request.pk).update(refused_at=timezone.now())
    publish.relations_changed_on_commit(request.user_id)
