"""Disables allauth's e-mail pages on a server that sends no e-mail.

allauth hard-codes these addresses, so they cannot be left out. Listed before allauth's, they answer
as every unknown address does.
"""

from typing import NoReturn

from django.http import Http404, HttpRequest
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView


@csrf_exempt  # an unknown address needs no CSRF token either
def nothing_here(request: HttpRequest) -> NoReturn:
    raise Http404


urlpatterns = [
    # Without this, allauth redirects to the page of e-mail addresses.
    path("accounts/", RedirectView.as_view(pattern_name="accounts_profile")),
    re_path(r"^accounts/(?:email|confirm-email|password/reset)(?:/.*)?$", nothing_here),
    re_path(
        r"^_allauth/(?:app|browser)/v1/(?:account/email|auth/email|auth/password)(?:/.*)?$",
        nothing_here,
    ),
]
