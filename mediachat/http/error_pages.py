"""What a person sees where a page could not be made."""

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
    """The page for an error that nothing else has answered (500).

    Where it is the database that failed, the page loads again by itself as soon as the server can
    serve. Other errors stay, and what was sent by a form may not be sent twice.
    """
    error = sys.exc_info()[1]
    is_passing = isinstance(error, refusals()) and not isinstance(error, MISTAKES)
    # Django's context processors are left out: they may fail as well.
    page = loader.get_template("500.html").render(
        {
            "tries_again": is_passing and request.method == "GET",
            "nonce": getattr(request, "csp_nonce", ""),
        }
    )
    return HttpResponseServerError(page)
