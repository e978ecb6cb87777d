"""Django's CSRF protection, which recognises our own pages in every spelling of their origin."""

import copy

from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware

from mediachat.http.origins import is_own_page


class CsrfMiddleware(CsrfViewMiddleware):
    """Django compares ``Origin`` with ``Host`` as text, so behind a proxy that omits the port
    (nginx's ``$host``) nobody could sign in.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        return is_own_page(request)


def is_from_own_page(request: HttpRequest) -> bool:
    """Returns whether the CSRF token in the header ``X-CSRFToken`` is right.

    It ignores a form's field: that would require reading the body, which may be large and slow.
    """
    without_body = copy.copy(request)
    without_body.POST = QueryDict()
    without_body.csrf_processing_done = False  # type: ignore[attr-defined]
    check = CsrfMiddleware(lambda request: HttpResponse())
    check.process_request(without_body)
    return check.process_view(without_body, _any_view, (), {}) is None


def _any_view(request: HttpRequest) -> HttpResponse:
    raise AssertionError("It is asked about, not called.")
