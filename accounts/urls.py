"""Routes of the account pages that allauth does not have."""

from django.conf import settings
from django.urls import path

from accounts import no_mail, views
from accounts.sign_in import editor_views

urlpatterns = [
    path("accounts/profile/", views.profile, name="accounts_profile"),
    path("accounts/erase/", views.erase, name="accounts_erase"),
    path("accounts/erased/", views.erased, name="accounts_erased"),
    path("accounts/sessions/<int:pk>/end/", views.end_session, name="accounts_end_session"),
    path(
        "accounts/first-administrator/<str:token>/",
        views.make_first_administrator,
        name="accounts_first_administrator",
    ),
    path("accounts/editor/<str:link>/", editor_views.confirm_editor, name="accounts_editor"),
    path("_allauth/app/v1/auth/editor", editor_views.editor_link),
    path("_allauth/app/v1/auth/editor/session", editor_views.editor_session),
    path("media/avatars/<slug:name>.webp", views.avatar, name="accounts_avatar"),
]

if not settings.EMAIL_URL:
    urlpatterns += no_mail.urlpatterns
