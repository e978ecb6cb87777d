"""Denies our pages every browser permission that the chat does not use."""

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from mediachat.http.cors import Respond, RespondLater

HEADER = "Permissions-Policy"


@sync_and_async_middleware
def permissions_policy(get_response: Respond | RespondLater) -> Respond | RespondLater:
    """Adds ``PERMISSIONS_POLICY`` of the settings to every response."""
    value = ", ".join(f"{name}={who}" for name, who in settings.PERMISSIONS_POLICY.items())
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            response = await get_response(request)
            response.headers.setdefault(HEADER, value)
            return response

        return respond_later

    def respond(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)  # type: ignore[assignment]
        response.headers.setdefault(HEADER, value)
        return response

    return respond
