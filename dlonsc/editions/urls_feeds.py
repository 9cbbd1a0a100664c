"""Addresses of an edition's dates for calendars and programs."""

from django.urls import path

from dlonsc.editions import feeds

urlpatterns = [
    path("<slug:slug>/dates.ics", feeds.dates_ics, name="dates_ics"),
    path("<slug:slug>/dates.json", feeds.dates_json, name="dates_json"),
]
