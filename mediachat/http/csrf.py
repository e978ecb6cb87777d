"""Django's protection against forged requests, which knows our own pages in every spelling."""

import copy

from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware

from mediachat.http.origins import is_own_page


class CsrfMiddleware(CsrfViewMiddleware):
    """Django compares ``Origin`` with ``Host`` as text, so behind a proxy that leaves the port out
    (nginx's ``$host``) nobody could sign in."""

    def _origin_verified(self, request: HttpRequest) -> bool:
        return is_own_page(request)


def is_from_own_page(request: HttpRequest) -> bool:
    """Whether the CSRF token is right, as the header ``X-CSRFToken`` has it.

    A field of a form is not looked at: the body would have to be read for it, and may be large
    and slow to come.
    """
    without_body = copy.copy(request)
    without_body.POST = QueryDict()
    without_body.csrf_processing_done = False  # type: ignore[attr-defined]
    check = CsrfMiddleware(lambda request: HttpResponse())
    check.process_request(without_body)
    return check.process_view(without_body, _any_view, (), {}) is None


def _any_view(request: HttpRequest) -> HttpResponse:
    raise AssertionError("It is asked about, not called.")
