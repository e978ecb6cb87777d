"""Where the chat page is."""

from django.urls import path

from chat import views

urlpatterns = [
    path("", views.page, name="chat"),
    path("embed/", views.embed, name="embed"),
]
