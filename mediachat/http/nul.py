"""Refuses requests with text that databases reject (NUL, lone surrogates) and JSON that is not
standard.

No address, query or cookie of ours contains such text. Bodies are checked where they are parsed, by
the protocol's models and by Django's form fields; but forms accept lone surrogates, which only JSON
can express, so allauth's JSON is checked here.
"""

import json

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import sync_and_async_middleware

from mediachat.http.cors import Respond, RespondLater

DETAIL = "This request contains NUL or half of a character, which cannot be stored. Leave it out."
UNREADABLE = "This JSON is nested too deeply, or has a number that is too long, to be read."
ALLAUTH = "/_allauth/"
FOR_PROGRAMS = ("/api/", ALLAUTH)


@sync_and_async_middleware
def refuse_nul(get_response: Respond | RespondLater) -> Respond | RespondLater:
    """Answers 400 to a request that contains such text."""
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            return _refusal(request) or await get_response(request)

        return respond_later

    def respond(request: HttpRequest) -> HttpResponseBase:
        return _refusal(request) or get_response(request)  # type: ignore[return-value]

    return respond


def _refusal(request: HttpRequest) -> HttpResponseBase | None:
    detail = DETAIL if _is_odd(request) else _odd_json(request)
    if not detail:
        return None
    if request.path_info.startswith(FOR_PROGRAMS):
        return JsonResponse({"code": "bad_request", "detail": detail}, status=400)
    return HttpResponse(detail, content_type="text/plain; charset=utf-8", status=400)


def _is_odd(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    if "%00" in query or "\0" in query or "\0" in request.path_info:
        return True
    # A quoted cookie may encode it as \000.
    return any("\0" in value for value in request.COOKIES.values())


def _odd_json(request: HttpRequest) -> str:
    """Returns what is wrong with the JSON for allauth, unless allauth reports that itself."""
    if not request.path_info.startswith(ALLAUTH) or request.content_type != "application/json":
        return ""
    try:
        text = json.dumps(json.loads(request.body), ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        return DETAIL
    except (json.JSONDecodeError, UnicodeDecodeError, RequestDataTooBig):
        return ""  # allauth answers 400 to these itself
    except (ValueError, RecursionError):
        return UNREADABLE
    return DETAIL if "\\u0000" in text.replace(r"\\", "") else ""
