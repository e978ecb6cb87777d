"""Every address of the product."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from mediachat.health import health

# One way to sign in: the admin's own form knows neither limits on attempts nor second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("healthz", health, name="healthz"),
]
if find_spec("chat.api"):
    from chat.api import api

    urlpatterns.append(path("api/v1/", api.urls))
if find_spec("chat.urls"):
    urlpatterns.append(path("", include("chat.urls")))
