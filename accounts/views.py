"""The account pages that allauth does not have."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from allauth.account.decorators import reauthentication_required
from allauth.core import ratelimit
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import erasure
from accounts.forms import ErasureForm, FirstAdministratorForm, ProfileForm
from accounts.models import User
from accounts.sign_in import first_administrator
from accounts.signals import profile_changed

READERS = 4
"""Threads that read people's pictures, of some KB each: a store that is slow holds up nothing
else."""

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="avatars")


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    if refused := ratelimit.consume_or_429(request, action="change_profile"):
        return refused
    # A copy: a refused form has changed the instance, whose name the page's header shows.
    person = get_object_or_404(User, pk=request.user.pk)
    form = ProfileForm(request.POST or None, request.FILES or None, instance=person)
    if request.method == "POST" and form.is_valid():
        profile_changed.send(User, user=form.save())
        messages.success(request, "Saved.")
        return redirect("accounts_profile")
    return render(request, "accounts/profile.html", {"form": form, "person": request.user})


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Signs one of the caller's other devices out."""
    session = get_object_or_404(UserSession, pk=pk, user_id=request.user.pk)
    get_adapter().end_sessions([session])
    messages.success(request, "That device is signed out.")
    return redirect("usersessions_list")


@login_required
@reauthentication_required
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Asks whether to keep the caller's messages, and on POST erases the caller."""
    person = get_object_or_404(User, pk=request.user.pk)
    form = ErasureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        keep_messages = form.cleaned_data["messages"] == "keep"
        try:
            erasure.erase_by_own_wish(person, keep_messages=keep_messages)
        except erasure.LastSuperuser as error:
            form.add_error(None, str(error))
        else:
            logout(request)
            return redirect("accounts_erased")
    return render(request, "accounts/erase.html", {"form": form, "person": person})


@require_GET
def erased(request: HttpRequest) -> HttpResponse:
    """Explains to a person whose account was closed what happens next."""
    return render(request, "accounts/erased.html")


@require_GET
async def avatar(request: HttpRequest, name: str) -> HttpResponse:
    """Serves a person's picture to clients that know its unguessable name."""
    loop = asyncio.get_running_loop()
    try:
        picture = await loop.run_in_executor(_readers, _stored_avatar, name)
    except FileNotFoundError:
        raise Http404 from None
    return HttpResponse(
        picture,
        content_type="image/webp",
        headers={
            # A new picture has a new name, so this one never changes.
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _stored_avatar(name: str) -> bytes:
    with default_storage.open(f"avatars/{name}.webp") as file:
        return file.read()


@require_http_methods(["GET", "POST"])
def make_first_administrator(request: HttpRequest, token: str) -> HttpResponse:
    if not first_administrator.is_valid(token):
        return render(request, "accounts/first_administrator_done.html", status=410)
    # A form for a new account that is sent after signing in elsewhere still makes that account.
    if request.user.is_authenticated and not ("new" in request.GET or "username" in request.POST):
        return _become_first_administrator(request)
    # A form to become administrator, sent by a person who is signed out by now, must not make an
    # account.
    form = FirstAdministratorForm(request.POST if "username" in request.POST else None)
    if form.is_valid():
        try:
            administrator = first_administrator.make(
                username=form.cleaned_data["username"], password=form.cleaned_data["password"]
            )
        except first_administrator.AlreadyMade:
            return render(request, "accounts/first_administrator_done.html", status=410)
        login(request, administrator, backend="allauth.account.auth_backends.AuthenticationBackend")
        return redirect("/")
    return render(request, "accounts/first_administrator.html", {"form": form})


def _become_first_administrator(request: HttpRequest) -> HttpResponse:
    """Asks the signed-in person, by name, and on POST makes them the administrator."""
    person = get_object_or_404(User, pk=request.user.pk, is_active=True)
    # The page named a person, and only they agreed: another person may be signed in by now.
    if request.POST.get("person") == str(person.pk):
        try:
            first_administrator.promote(person)
        except first_administrator.AlreadyMade:
            return render(request, "accounts/first_administrator_done.html", status=410)
        return redirect("/")
    return render(request, "accounts/first_administrator_promote.html", {"person": person})
