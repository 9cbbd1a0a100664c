"""Addresses of what is held about oneself, and of the administrators who erase it."""

from django.urls import path

from reviews.views import erasure, persons

app_name = "persons"
urlpatterns = [
    path("me/data/", persons.mine, name="mine"),
    path("me/data/download/", persons.download, name="download"),
    path("health/erasure/", erasure.wishes, name="wishes"),
    path("health/erasure/<int:person>/", erasure.erase, name="erase"),
]
