"""Views of the chat page, for a browser and for an editor."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.sessions.second_factor import FOR_PROGRAMS
from accounts.sessions.signed_in import TOKEN_HEADER, lacks_second_factor, user_for_token
from chat.protocol import ChatError, ErrorCode
from chat.queries import room_views


@require_safe
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Shows the chat to a signed-in person; others are redirected to sign in."""
    return render(request, "chat/page.html")


@require_safe
@never_cache
@login_required
def room(request: HttpRequest, room: UUID, number: int | None = None) -> HttpResponse:
    """Shows the chat at a room, or at a message, whose number the page reads from the address.

    A public room that the person is not in is offered to them. What they may not see is answered
    as what does not exist: by the chat, which says so, with 404.
    """
    try:
        seen = room_views.room_view(request.user, room)  # type: ignore[arg-type]
    except ChatError:
        return render(request, "chat/page.html", status=404)
    offer = seen.model_dump_json() if seen.role is None else None
    return render(request, "chat/page.html", {"offer": offer})


@require_safe
@never_cache
def embed(request: HttpRequest) -> HttpResponse:
    """Shows the same page for an editor, which embeds it and holds the token.

    Cookies are not looked at, so no other site can have a browser fetch it for somebody.
    """
    token = request.headers.get(TOKEN_HEADER, "")
    if not token or user_for_token(token) is None:
        detail = f"Sign in first, and send the session token as {TOKEN_HEADER}."
        if token and lacks_second_factor(token):
            detail = FOR_PROGRAMS
        return JsonResponse({"code": ErrorCode.UNAUTHENTICATED, "detail": detail}, status=401)
    return render(request, "chat/page.html")
