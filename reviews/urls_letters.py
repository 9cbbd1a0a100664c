"""Addresses of the chair's ledger. Each begins with the edition."""

from django.urls import path

from reviews.views import letters
from reviews.views.chair import mail_setup, mailing, reminders, waiting, wording

app_name = "letters"
urlpatterns = [
    path("<slug:slug>/chair/mail/", letters.log, name="log"),
    path("<slug:slug>/chair/mail/reminders/", reminders.reminders, name="reminders"),
    path("<slug:slug>/chair/mail/waiting/", waiting.waiting, name="waiting"),
    path("<slug:slug>/chair/mail/texts/", wording.texts, name="texts"),
    path("<slug:slug>/chair/mail/texts/<slug:kind>/", wording.text, name="text"),
    path("<slug:slug>/chair/mail/write/", mailing.mailings, name="mailings"),
    path("<slug:slug>/chair/mail/write/<mailing:pk>/", mailing.mailing, name="mailing"),
    path("<slug:slug>/chair/mail/setup/", mail_setup.mail_setup, name="setup"),
    path("<slug:slug>/chair/mail/again/", letters.again, name="again"),
    path("<slug:slug>/chair/mail/switch/", letters.switch, name="switch"),
    path("<slug:slug>/chair/mail/<letter:pk>/", letters.letter, name="letter"),
    path("<slug:slug>/chair/mail/<letter:pk>/settle/", letters.settle, name="settle"),
]
