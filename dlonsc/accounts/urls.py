"""Addresses of the profile."""

from django.urls import URLPattern, path

from dlonsc.accounts import views

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("", views.profile, name="profile"),
    path("carry-on/", views.carry_on, name="carry_on"),
    path("affiliations/", views.add_affiliation, name="add_affiliation"),
    path("affiliations/<affiliation:pk>/", views.edit_affiliation, name="affiliation"),
]
