"""Addresses of what is held about oneself."""

from django.urls import path

from reviews.views import persons

app_name = "persons"
urlpatterns = [
    path("me/data/", persons.mine, name="mine"),
    path("me/data/download/", persons.download, name="download"),
]
