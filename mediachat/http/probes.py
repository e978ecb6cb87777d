"""Answers health checks and metrics requests under any Host.

A load balancer and Prometheus request each machine by its address, which is none of the names in
ALLOWED_HOSTS; so they are answered before the Host check. Neither response contains a link that a
forged Host could redirect.
"""

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from mediachat.http.cors import Respond, RespondLater
from mediachat.monitoring.health import health
from mediachat.monitoring.metrics import may_read, metrics


@sync_and_async_middleware
def watchers(get_response: Respond | RespondLater) -> Respond | RespondLater:
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            if request.path_info == "/healthz":
                return await health(request)
            return metrics(request) if _asks_metrics(request) else await get_response(request)

        return respond_later

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/healthz":
            return async_to_sync(health)(request)
        return metrics(request) if _asks_metrics(request) else get_response(request)  # type: ignore[return-value]

    return respond


def _asks_metrics(request: HttpRequest) -> bool:
    """Other requests fall through to the page for unknown addresses."""
    return request.path_info == "/metrics" and may_read(request)
