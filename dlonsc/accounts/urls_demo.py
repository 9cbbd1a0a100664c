"""Addresses of the demo, included only when it is on."""

from django.urls import URLPattern, path

from dlonsc.accounts import views_demo

app_name = "demo"
urlpatterns: list[URLPattern] = [
    path("become/", views_demo.become, name="become"),
    path("letters/", views_demo.letters, name="letters"),
    path("letters/<int:pk>/", views_demo.letter, name="letter"),
]
