"""The page where a person confirms an editor, and the door where the editor gets its session."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.decorators import rate_limit
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.inputs import Input
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import editors
from accounts.models import User

UNGUESSABLE = r"\A[A-Za-z0-9_-]{43,128}\Z"
"""A code of ours, or a verifier (RFC 7636)."""


class EditorRequest(forms.Form):
    """What the editor put into the page's address."""

    callback = forms.CharField(max_length=2000, strip=False)
    challenge = forms.RegexField(r"\A[A-Za-z0-9_-]{43}\Z", strip=False)
    state = forms.RegexField(r"\A[A-Za-z0-9_-]{16,128}\Z", strip=False)

    def clean_callback(self) -> editors.Callback:
        try:
            return editors.callback(self.cleaned_data["callback"])
        except editors.NotAnEditor as error:
            self.place = error.place
            raise forms.ValidationError("A code may not go there.") from error

    place = ""
    """Where a code was wanted that may not go there."""


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def confirm_editor(request: HttpRequest) -> HttpResponse:
    """Shows which editor asks; the POST, which no other site can make, is the person's yes."""
    asked = EditorRequest(request.GET)
    if not asked.is_valid():
        return render(request, "accounts/editor_refused.html", {"place": asked.place}, status=400)
    callback: editors.Callback = asked.cleaned_data["callback"]
    if request.method != "POST":
        return render(request, "accounts/editor.html", {"editor": callback.editor})
    code = editors.issue_code(
        str(request.session.session_key), challenge=asked.cleaned_data["challenge"]
    )
    # The page leads on by itself: browsers hold a redirect after a form against `form-action`,
    # and whoever's editor does not come to the front finds a link here.
    address = callback.with_code(code, asked.cleaned_data["state"])
    return render(
        request, "accounts/editor_done.html", {"editor": callback.editor, "address": address}
    )


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


@method_decorator(rate_limit(action="login"), name="handle")
class EditorSession(APIView):
    """Answers as allauth's own sign-in does, with a session that is the editor's alone: it is in
    the list of devices, and ends without ending the browser's.

    The person has passed every step of signing in in the browser, so no second factor is asked
    for again; nor does the new session count as one where a password was given just now.
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


editor_session = EditorSession.as_api_view(client=Client.APP)
