"""Django's protection against forged requests, which knows our own pages in every spelling."""

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

from mediachat.origins import is_own_page


class CsrfMiddleware(CsrfViewMiddleware):
    """Django compares ``Origin`` with ``Host`` as text, so behind a proxy that leaves the port out
    (nginx's ``$host``) nobody could sign in."""

    def _origin_verified(self, request: HttpRequest) -> bool:
        return is_own_page(request)
