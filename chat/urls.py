"""Routes of the chat page and the files."""

from django.urls import path, re_path

from chat import views
from chat.api import downloads
from chat.api.routes import nothing_here

urlpatterns = [
    path("", views.page, name="chat"),
    path("rooms/<uuid:room>", views.room, name="room"),
    path("rooms/<uuid:room>/<int:number>", views.room, name="room_message"),
    path("embed/", views.embed, name="embed"),
    path("media/<uuid:id>/thumbnail", downloads.thumbnail, name="thumbnail"),
    path("media/<uuid:id>/<path:name>", downloads.download, name="download"),
    re_path(r"^api/", nothing_here),
]
