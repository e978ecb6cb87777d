"""Lets an editor that runs in a browser use the doors that take a session token.

Its extensions run in a worker whose origin is different at every installation, so no list of
origins can name it. Any origin may ask, and none with cookies: without
``Access-Control-Allow-Credentials`` a browser neither sends them nor shows an answer to a
request that had them. What is left is what every program without a browser can do.
"""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

DOORS = ("/_allauth/app/", "/api/v1/", "/embed/", "/media/")
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
    "Access-Control-Allow-Headers": "X-Session-Token, Content-Type",
    "Access-Control-Max-Age": "600",
}
"""What a browser asks before a request with a token."""
EXPOSED = "Content-Disposition, Retry-After"

Respond = Callable[[HttpRequest], HttpResponseBase]
RespondLater = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def token_doors(get_response: Respond | RespondLater) -> Respond | RespondLater:
    """Answers browsers' preflights at these doors, and lets every origin read the answers."""
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            if _is_preflight(request):
                return _preflight()
            return _opened(request, await get_response(request))

        return respond_later

    def respond(request: HttpRequest) -> HttpResponseBase:
        if _is_preflight(request):
            return _preflight()
        return _opened(request, get_response(request))  # type: ignore[arg-type]

    return respond


def _is_door(request: HttpRequest) -> bool:
    return request.path.startswith(DOORS) and "Origin" in request.headers


def _is_preflight(request: HttpRequest) -> bool:
    asks = "Access-Control-Request-Method" in request.headers
    return request.method == "OPTIONS" and asks and _is_door(request)


def _preflight() -> HttpResponse:
    return HttpResponse(status=204, headers=PREFLIGHT | {"Access-Control-Allow-Origin": "*"})


def _opened(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if _is_door(request):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        patch_vary_headers(response, ["Origin"])
    return response
