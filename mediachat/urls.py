"""All routes of the project, except those of mediachat.http.probes."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from chat.api.routes import api

# One way to sign in: the admin's own form has neither limits on attempts nor second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler500 = "mediachat.http.error_pages.server_error"

# Likewise, one way to change a password.
change_password = RedirectView.as_view(pattern_name="account_change_password")

urlpatterns = [
    path("admin/password_change/", change_password),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/v1/", api.urls),
    path("", include("chat.urls")),
]

if settings.RELOAD:
    urlpatterns.append(path("__reload__/", include("django_browser_reload.urls")))
