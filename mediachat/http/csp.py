"""Content security policies: one for the pages, a looser one for the admin."""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse


class PolicyMiddleware(CSPMiddleware):
    """Sets the strict policy everywhere, and the admin's looser one on its pages only."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path.startswith(reverse("admin:index")):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts
