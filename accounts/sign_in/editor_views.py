"""The page where a person confirms an editor, and the editor's two endpoints: one for the link to
that page, and one for its session.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.decorators import rate_limit
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.inputs import Input
from allauth.headless.internal.restkit.response import APIResponse
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sign_in import editors

UNGUESSABLE = r"\A[A-Za-z0-9_-]{43,128}\Z"
"""A code of ours, or a verifier (RFC 7636)."""
UNKNOWN_EDITOR = (
    "This server does not let an editor at %(place)s sign in through the browser. Sign in with "
    "username and password, or ask the server's administrator to name it in EDITOR_ORIGINS."
)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def confirm_editor(request: HttpRequest, link: str) -> HttpResponse:
    """Shows which editor wants to sign in; the POST, which no other site can send, confirms it."""
    if request.method != "POST":
        asked = editors.asked_by(link)
        if asked is None:
            return _over(request)
        return render(request, "accounts/editor.html", {"editor": asked.callback.editor})
    confirmed = editors.confirm(link, str(request.session.session_key))
    if confirmed is None:
        return _over(request)
    asked, code = confirmed
    # The page redirects by itself: browsers apply `form-action` to a redirect after a form. If the
    # editor does not come to the front, the person finds a link here.
    address = asked.callback.with_code(code, asked.state)
    return render(
        request,
        "accounts/editor_done.html",
        {"editor": asked.callback.editor, "address": address},
    )


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/editor_over.html", status=410)


class EditorRequest(Input):
    callback = forms.CharField(max_length=2000, strip=False)
    challenge = forms.RegexField(r"\A[A-Za-z0-9_-]{43}\Z", strip=False)
    state = forms.RegexField(r"\A[A-Za-z0-9_-]{16,128}\Z", strip=False)

    def clean_callback(self) -> editors.Callback:
        try:
            return editors.callback(self.cleaned_data["callback"])
        except editors.NotAnEditor as error:
            raise forms.ValidationError(
                UNKNOWN_EDITOR, code="unknown_editor", params={"place": error.place or "that place"}
            ) from error


@method_decorator(rate_limit(action="link_editor"), name="handle")
class EditorLink(APIView):
    """Returns the address of the page that the editor opens in the person's browser."""

    http_method_names = ["post", "options"]
    input_class = EditorRequest
    input: EditorRequest

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        link = editors.issue_link(editors.Asked(**self.input.cleaned_data))
        data = {
            "path": reverse("accounts_editor", args=[link]),
            "expires_in": editors.LINK_LIFETIME,
        }
        return APIResponse(request, data=data)


class EditorCode(Input):
    code = forms.RegexField(UNGUESSABLE, strip=False)
    verifier = forms.RegexField(UNGUESSABLE, strip=False)

    user: User

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            user = editors.redeem_code(cleaned["code"], cleaned["verifier"])
            if user is None:
                raise forms.ValidationError(
                    "This code was used, is too old, or is not yours.", code="invalid_code"
                )
            self.user = user
        return cleaned


@method_decorator(rate_limit(action="link_editor"), name="handle")
class EditorSession(APIView):
    """Answers like allauth's own sign-in, with a session for the editor alone: it is in the list of
    devices, and ends without ending the browser's.

    The person has passed every step of signing in in the browser, so the editor needs no second
    factor again.
    """

    http_method_names = ["post", "options"]
    input_class = EditorCode
    input: EditorCode

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        adapter = get_adapter()
        user = self.input.user
        login = Login(user=user)
        adapter.login(request, user)
        response: HttpResponse = adapter.post_login(
            request,
            user,
            email_verification=login.email_verification,
            signal_kwargs=login.signal_kwargs,
            email=login.email,
            signup=login.signup,
            redirect_url=login.redirect_url,
        )
        return AuthenticationResponse.from_response(request, response)


editor_link = EditorLink.as_api_view(client=Client.APP)
editor_session = EditorSession.as_api_view(client=Client.APP)
