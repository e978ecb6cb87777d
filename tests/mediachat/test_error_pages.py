"""The page for an error tries again by itself only where that can help and does no harm."""

import pytest
from django.db import IntegrityError, OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from mediachat.http.error_pages import server_error

pytestmark = pytest.mark.once

SCRIPT = b"try-again"


def page_for(error: Exception, method: str) -> HttpResponse:
    request = RequestFactory().generic(method, "/")
    try:
        raise error
    except type(error):
        return server_error(request)


@pytest.mark.parametrize(
    ("error", "method", "tries_again"),
    [
        (OperationalError("the database is away"), "GET", True),
        (OperationalError("the database is away"), "POST", False),
        (IntegrityError("a mistake of ours"), "GET", False),
        (ValueError("a mistake of ours"), "GET", False),
    ],
)
def test_the_page_tries_again_where_the_database_failed(
    error: Exception, method: str, tries_again: bool
) -> None:
    answer = page_for(error, method)
    assert answer.status_code == 500
    assert (SCRIPT in answer.content) is tries_again
    assert (b"Something broke here" in answer.content) is not tries_again
