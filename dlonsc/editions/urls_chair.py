"""The chair's addresses of an edition, and the link of an invitation."""

from django.urls import path

from dlonsc.editions.views import committee, settings

urlpatterns = [
    path("invitation/<str:token>/", committee.invitation, name="invitation"),
    path("<slug:slug>/chair/settings/", settings.settings, name="settings"),
    path("<slug:slug>/chair/ready/", settings.ready, name="readiness"),
    path("<slug:slug>/chair/publish/", settings.publish, name="publish"),
    path("<slug:slug>/chair/dates/", settings.dates, name="dates"),
    path("<slug:slug>/chair/dates/<str:phase>/", settings.date, name="date"),
    path("<slug:slug>/chair/topics/", settings.topics, name="topics"),
    path("<slug:slug>/chair/topics/<int:pk>/", settings.topic, name="topic"),
    path("<slug:slug>/chair/topics/<int:pk>/move/", settings.move_topic, name="move_topic"),
    path("<slug:slug>/chair/committee/", committee.board, name="chair_committee"),
    path("<slug:slug>/chair/committee/remind/", committee.remind, name="remind"),
    path("<slug:slug>/chair/committee/<int:pk>/", committee.member, name="member"),
    path("<slug:slug>/chair/committee/<int:pk>/resend/", committee.resend, name="resend"),
    path("<slug:slug>/chair/committee/<int:pk>/end/", committee.end, name="end_membership"),
    path("<slug:slug>/chair/invite/", committee.invite, name="invite"),
]
