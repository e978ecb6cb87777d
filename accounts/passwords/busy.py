"""Turns ``TooManyHashes``, wherever it is raised, into a 429 response with a Retry-After header."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.passwords.hashers import TooManyHashes
from accounts.passwords.sign_in_line import RETRY_AFTER, busy_answer

A_MINUTE = 60
"""Seconds that the limits on tries are about, which say no time of their own."""


class BusyMiddleware:
    """Answers 429 when the hashing queue is full, and adds Retry-After to every 429 response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 429:
            response.headers.setdefault("Retry-After", str(A_MINUTE))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyHashes):
            return None
        body, content_type = busy_answer(request.path_info)
        headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
        return HttpResponse(body, status=429, content_type=content_type, headers=headers)
