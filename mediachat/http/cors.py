"""Lets an editor that runs in a browser use the endpoints that accept a session token.

Only pages of editors may read the responses (mediachat.http.origins), and none with cookies:
without ``Access-Control-Allow-Credentials`` a browser neither sends them nor exposes the response
to a request that carried them. Requests from other pages are refused before they change anything: a
browser sends a page's request even if the page cannot read the response, from inside the visitor's
own network. No editor offers sign-up, so only our own pages may use that.
"""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

from mediachat.http.origins import is_editors, is_own_page

TOKEN_ENDPOINTS = ("/_allauth/app/", "/api/v1/", "/embed/", "/media/")
SIGN_UP = "/_allauth/app/v1/auth/signup"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
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
def token_endpoints(get_response: Respond | RespondLater) -> Respond | RespondLater:
    """Answers editors' preflights, lets editors read the responses, and refuses other pages."""
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            return _answer(request) or opened(request, await get_response(request))

        return respond_later

    def respond(request: HttpRequest) -> HttpResponseBase:
        return _answer(request) or opened(request, get_response(request))  # type: ignore[arg-type]

    return respond


def _answer(request: HttpRequest) -> HttpResponse | None:
    """Returns the response to a preflight, or to a page without access; None lets the request
    continue.
    """
    if not _comes_from_a_page(request):
        return None
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return opened(request, HttpResponse(status=204))  # type: ignore[return-value]
    if request.method in SAFE_METHODS or is_own_page(request) or _is_opened_to(request):
        return None
    return JsonResponse(
        {"code": "forbidden", "detail": "This page may not use this server. Use the server's own."},
        status=403,
    )


def opened(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Returns the same response, readable for the requesting page if it is an editor's."""
    if not request.path_info.startswith(TOKEN_ENDPOINTS):
        return response
    patch_vary_headers(response, ["Origin"])
    if _comes_from_a_page(request) and _is_opened_to(request):
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        if request.method == "OPTIONS":
            for name, value in PREFLIGHT.items():
                response.headers[name] = value
    return response


def _comes_from_a_page(request: HttpRequest) -> bool:
    return "Origin" in request.headers and request.path_info.startswith(TOKEN_ENDPOINTS)


def _is_opened_to(request: HttpRequest) -> bool:
    is_sign_up = request.path_info.rstrip("/") == SIGN_UP
    return not is_sign_up and is_editors(request.headers["Origin"])
