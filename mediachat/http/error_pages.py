"""The page for internal errors."""

import sys

from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from mediachat.databases.urls import refusals

MISTAKES = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What a database answers to a wrong query, each time again."""


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Returns the page for an unhandled error (500).

    If the database failed, the page reloads by itself as soon as the server is ready. For other
    errors it does not, as a form must not be sent twice.
    """
    error = sys.exc_info()[1]
    is_passing = isinstance(error, refusals()) and not isinstance(error, MISTAKES)
    # Without Django's context processors, which may fail as well.
    page = loader.get_template("500.html").render(
        {
            "tries_again": is_passing and request.method == "GET",
            "nonce": getattr(request, "csp_nonce", ""),
        }
    )
    return HttpResponseServerError(page)
