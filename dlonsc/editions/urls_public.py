"""Addresses that everybody may open. The edition's own address comes last: any word may be a slug."""

from django.urls import path

from dlonsc.editions.views import public

urlpatterns = [
    path("", public.home, name="home"),
    path("privacy/", public.privacy, name="privacy"),
    path("<slug:slug>/committee/", public.committee, name="committee"),
    path("<slug:slug>/", public.call, name="call"),
]
