"""Every address of the product."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from chat.api import api
from mediachat.health import health
from mediachat.metrics import metrics

# One way to sign in: the admin's own form knows neither limits on attempts nor second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/v1/", api.urls),
    path("healthz", health, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("", include("chat.urls")),
]
