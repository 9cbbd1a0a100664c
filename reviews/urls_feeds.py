"""Addresses of a person's own calendar."""

from django.urls import path

from reviews.views import dates

app_name = "feeds"
urlpatterns = [
    path("me/dates/", dates.mine, name="mine"),
    path("me/dates/<str:token>.ics", dates.personal, name="personal"),
]
